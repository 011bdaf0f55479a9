with products as (
    select * from {{ ref('int_products') }}
),

members as (
    select
        -- ids
        {{ surrogate_key(['source_name', 'source_product_id', ['changed_at', 'timestamp']]) }} as product_key,
        source_name || ':' || source_durable_product_id as product_id,
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
        version_start_date,
        version_end_date,
        changed_at,
        valid_from,
        valid_to,

        -- flags
        valid_to = cast({{ history_ceiling() }} as timestamp) as is_current,
        false as is_unknown
    from products
),

members_and_unknown as (
    {{ with_unknown_member('members', {
        'product_key': unknown_key(),
        'product_id': "'unknown'",
        'product_name': "'Unknown'",
        'valid_from': "cast(" ~ history_floor() ~ " as timestamp)",
        'valid_to': "cast(" ~ history_ceiling() ~ " as timestamp)",
        'is_current': 'true',
        'is_unknown': 'true'
    }) }}
)

select * from members_and_unknown
