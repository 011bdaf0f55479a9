with versions as (
    select * from {{ ref('dim_products_history') }}
),

current_versions as (
    select
        -- ids
        product_id,
        product_key,
        source_name,
        source_product_id,
        source_durable_product_id,
        source_brand_id,
        source_class_id,
        source_category_id,
        source_manufacturer_id,
        source_manager_id,

        -- attributes
        product_name,
        product_description,
        brand_name,
        class_name,
        category_name,
        manufacturer_name,
        size_name,
        formulation,
        color,
        unit_of_measure,
        container,
        stock_quantity,

        -- amounts
        current_price,
        wholesale_cost,

        -- dates and times
        valid_from,

        -- flags
        is_unknown
    from versions
    where is_current
)

select * from current_versions
