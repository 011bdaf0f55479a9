with all_products as (
    {{ filled_by_sources('products') }}
)

select * from all_products
