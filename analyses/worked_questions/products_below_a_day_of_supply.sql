-- Question: which products were most often down to less than a day of supply at a week's end in 2002, and where?
-- Asked by: the stock planners.
-- Look out for: the stock of a week is its last known count, never a sum over days; a week without a count is unknown, not low. Only
-- catalog and web ship from a warehouse. The twenty worst pairs of product and warehouse.
with weeks as (
    select * from {{ ref('fct_weekly_sales_inventory') }}
),

products as (
    select * from {{ ref('dim_products') }}
),

warehouses as (
    select * from {{ ref('dim_warehouses') }}
),

low_weeks as (
    select
        product_id,
        warehouse_key,
        count(*) as low_weeks,
        max(week_start_date) as last_low_week_start_date,
        cast(sum(sum_qty_wk) as bigint) as sold_quantity,
        min(inv_on_hand_qty_wk) as lowest_on_hand_quantity
    from weeks
    where
        low_stock_flg_wk
        and week_start_date >= date '2002-01-01'
        and week_start_date <= date '2002-12-25'
    group by product_id, warehouse_key
),

ranked as (
    select
        products.product_id,
        products.product_name,
        products.category_name,
        warehouses.warehouse_name,
        low_weeks.low_weeks,
        low_weeks.last_low_week_start_date,
        low_weeks.sold_quantity,
        low_weeks.lowest_on_hand_quantity,
        row_number() over (
            order by low_weeks.low_weeks desc, low_weeks.sold_quantity desc, products.product_id asc, warehouses.warehouse_id asc
        ) as shortage_rank
    from low_weeks
    inner join products
        on low_weeks.product_id = products.product_id
    inner join warehouses
        on low_weeks.warehouse_key = warehouses.warehouse_key
)

select * from ranked
where shortage_rank <= 20
order by shortage_rank
