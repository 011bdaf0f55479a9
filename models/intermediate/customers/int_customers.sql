with all_customers as (
    {{ filled_by_sources('customers') }}
)

select * from all_customers
