with all_returns as (
    {{ filled_by_sources('returns') }}
)

select * from all_returns
