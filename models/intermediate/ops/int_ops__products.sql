with item_versions as (
    {{ current_state(ref('stg_ops__items'), ['item_id']) }}
),

named as (
    select
        *,
        coalesce(item_code, cast(item_id as varchar)) as durable_id
    from item_versions
),

starts as (
    select
        *,
        {{ version_start('durable_id', 'item_id') }} as starts_on
    from named
),

conformed as (
    select
        -- ids
        'ops' as source_name,
        cast(item_id as varchar) as source_product_id,
        durable_id as source_durable_product_id,
        brand_id as source_brand_id,
        class_id as source_class_id,
        category_id as source_category_id,
        manufacturer_id as source_manufacturer_id,
        manager_id as source_manager_id,

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

        -- amounts
        current_price,
        wholesale_cost,

        -- dates and times
        version_start_date,
        version_end_date,
        {{ valid_from('durable_id', 'starts_on', 'item_id') }} as valid_from,
        {{ valid_to('durable_id', 'starts_on', 'item_id') }} as valid_to,

        -- what other sources have
        cast(null as bigint) as stock_quantity,
        cast(null as timestamp) as changed_at
    from starts
)

select * from conformed
