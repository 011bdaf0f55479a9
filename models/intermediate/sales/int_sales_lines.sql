with all_lines as (
    {{ filled_by_sources('sales_lines') }}
)

select * from all_lines
