with counts as (
    select * from {{ ref('int_stock_counts') }}
),

products as (
    select * from {{ ref('dim_products_history') }}
),

warehouses as (
    select * from {{ ref('dim_warehouses') }}
),

resolved as (
    select
        -- ids
        counts.source_name,
        counts.source_product_id,
        counts.source_warehouse_id,

        -- keys of the dimensions
        {{ date_key('counts.count_date') }} as count_date_key,
        coalesce(products.product_key, {{ unknown_key() }}) as product_key,
        coalesce(warehouses.warehouse_key, {{ unknown_key() }}) as warehouse_key,

        -- durable keys
        coalesce(products.product_id, 'unknown') as product_id,
        coalesce(warehouses.warehouse_id, 'unknown') as warehouse_id,

        -- dates and times
        counts.count_date,

        -- quantities
        counts.on_hand_quantity
    from counts
    left join products
        on counts.source_name = products.source_name and counts.source_product_id = products.source_product_id
    left join warehouses
        on counts.source_name = warehouses.source_name and counts.source_warehouse_id = warehouses.source_warehouse_id
)

select * from resolved
