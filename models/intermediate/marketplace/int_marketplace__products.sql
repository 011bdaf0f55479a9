with newest as (
    {{ newest_rows(ref('stg_marketplace__transactions'), marketplace_product_id()) }}
),

named as (
    select
        *,
        {{ marketplace_product_id() }} as source_product_id
    from newest
),

conformed as (
    select
        'marketplace' as source_name,
        source_product_id,
        source_product_id as source_durable_product_id,
        cast(null as bigint) as source_brand_id,
        cast(null as bigint) as source_class_id,
        cast(null as bigint) as source_category_id,
        cast(null as bigint) as source_manufacturer_id,
        cast(null as bigint) as source_manager_id,
        product_name,
        cast(null as varchar) as product_description,
        brand_name,
        product_type_name as class_name,
        category_name,
        cast(null as varchar) as manufacturer_name,
        cast(null as varchar) as size_name,
        cast(null as varchar) as formulation,
        cast(null as varchar) as color,
        cast(null as varchar) as unit_of_measure,
        cast(null as varchar) as container,
        cast(null as decimal(18, 2)) as current_price,
        cast(null as decimal(18, 2)) as wholesale_cost,
        cast(null as date) as version_start_date,
        cast(null as date) as version_end_date,
        cast({{ history_floor() }} as timestamp) as valid_from,
        cast({{ history_ceiling() }} as timestamp) as valid_to,
        cast(null as bigint) as stock_quantity,
        cast(null as timestamp) as changed_at
    from named
)

select * from conformed
