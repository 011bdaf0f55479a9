-- The question of products_below_a_day_of_supply asked of the tables as they landed: the sales of a week and its last known count must be
-- brought together by hand, for every version of an item, before anything can be compared.
with sold as (
    select
        item.i_item_id,
        sales.warehouse_sk,
        cast(date_dim.d_date - cast(date_dim.d_dow as integer) as date) as week_start_date,
        sum(sales.quantity) as quantity
    from (
        select
            cs_sold_date_sk as date_sk,
            cs_item_sk as item_sk,
            cs_warehouse_sk as warehouse_sk,
            cs_quantity as quantity
        from {{ source('ops', 'catalog_sales') }}
        union all
        select
            ws_sold_date_sk as date_sk,
            ws_item_sk as item_sk,
            ws_warehouse_sk as warehouse_sk,
            ws_quantity as quantity
        from {{ source('ops', 'web_sales') }}
    ) as sales
    inner join {{ source('ops', 'date_dim') }} as date_dim on sales.date_sk = date_dim.d_date_sk
    inner join {{ source('ops', 'item') }} as item on sales.item_sk = item.i_item_sk
    where coalesce(sales.quantity, 0) >= 0
    group by item.i_item_id, sales.warehouse_sk, cast(date_dim.d_date - cast(date_dim.d_dow as integer) as date)
),

counted as (
    select
        item.i_item_id,
        cast(inventory.inv_warehouse_sk as bigint) as warehouse_sk,
        cast(date_dim.d_date - cast(date_dim.d_dow as integer) as date) as week_start_date,
        cast(inventory.inv_quantity_on_hand as bigint) as on_hand
    from {{ source('inventory', 'inventory') }} as inventory
    inner join {{ source('ops', 'date_dim') }} as date_dim on cast(inventory.inv_date as date) = date_dim.d_date
    inner join {{ source('ops', 'item') }} as item on cast(inventory.inv_item_sk as bigint) = item.i_item_sk
    where inventory.inv_quantity_on_hand is not null and inventory.inv_quantity_on_hand != ''
    qualify
        row_number() over (
            partition by item.i_item_id, inventory.inv_warehouse_sk, date_dim.d_date - cast(date_dim.d_dow as integer)
            order by date_dim.d_date desc, item.i_item_sk desc
        ) = 1
),

low as (
    select
        sold.i_item_id,
        sold.warehouse_sk,
        count(*) as weeks,
        max(sold.week_start_date) as last_week,
        sum(sold.quantity) as quantity,
        min(counted.on_hand) as lowest
    from sold
    inner join counted
        on
            sold.i_item_id = counted.i_item_id
            and sold.warehouse_sk = counted.warehouse_sk
            and sold.week_start_date = counted.week_start_date
    where
        sold.quantity > 0
        and sold.quantity > 7 * counted.on_hand
        and sold.week_start_date between date '2002-01-01' and date '2002-12-25'
    group by sold.i_item_id, sold.warehouse_sk
),

newest_item as (
    select
        i_item_id,
        nullif(trim(i_product_name), '') as product_name,
        nullif(trim(i_category), '') as category
    from {{ source('ops', 'item') }}
    qualify row_number() over (partition by i_item_id order by i_item_sk desc) = 1
),

ranked as (
    select
        'ops:' || trim(low.i_item_id) as product_id,
        newest_item.product_name,
        newest_item.category,
        nullif(trim(warehouse.w_warehouse_name), '') as warehouse_name,
        low.weeks,
        low.last_week,
        low.quantity,
        low.lowest,
        row_number() over (
            order by low.weeks desc, low.quantity desc, low.i_item_id asc, cast(warehouse.w_warehouse_sk as varchar)
        ) as place
    from low
    inner join newest_item on low.i_item_id = newest_item.i_item_id
    inner join {{ source('ops', 'warehouse') }} as warehouse on low.warehouse_sk = warehouse.w_warehouse_sk
)

select * from ranked
where place <= 20
order by place
