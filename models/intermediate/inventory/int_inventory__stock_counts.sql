-- The counts name the items and warehouses of the operational source, so they resolve against `ops`.
with counts as (
    {{ counted_rows(ref('stg_inventory__counts')) }}
),

conformed as (
    select
        -- ids
        'ops' as source_name,
        cast(item_id as varchar) as source_product_id,
        cast(warehouse_id as varchar) as source_warehouse_id,

        -- quantities
        on_hand_quantity,

        -- dates and times
        count_date,

        -- load metadata
        landed_date,
        _file_name,
        _file_row_number,
        _loaded_at
    from counts
)

select * from conformed
