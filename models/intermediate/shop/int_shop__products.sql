with versions as (
    select * from {{ ref('int_shop__product_versions') }}
),

conformed as (
    select
        'shop' as source_name,
        product_id as source_product_id,
        product_id as source_durable_product_id,
        cast(null as bigint) as source_brand_id,
        cast(null as bigint) as source_class_id,
        cast(null as bigint) as source_category_id,
        cast(null as bigint) as source_manufacturer_id,
        cast(null as bigint) as source_manager_id,
        product_name,
        cast(null as varchar) as product_description,
        cast(null as varchar) as brand_name,
        cast(null as varchar) as class_name,
        category_name,
        cast(null as varchar) as manufacturer_name,
        cast(null as varchar) as size_name,
        cast(null as varchar) as formulation,
        cast(null as varchar) as color,
        cast(null as varchar) as unit_of_measure,
        cast(null as varchar) as container,
        price as current_price,
        cast(null as decimal(18, 2)) as wholesale_cost,
        cast(null as date) as version_start_date,
        cast(null as date) as version_end_date,
        valid_from,
        valid_to,
        stock_quantity,
        updated_at as changed_at
    from versions
)

select * from conformed
