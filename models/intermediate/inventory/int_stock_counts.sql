with all_counts as (
    {{ filled_by_sources('stock_counts') }}
)

select * from all_counts
