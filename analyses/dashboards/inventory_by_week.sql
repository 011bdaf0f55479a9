-- Units sold from warehouses and on hand when the week ends, by warehouse and category: the last 104 full weeks, and the year before of
-- each.
-- Look out for: stock adds up over warehouses and categories within one week, never over weeks. Weeks of supply take only what was
-- counted.
with weekly as (
    select * from {{ ref('fct_weekly_sales_inventory') }}
),

alerts as (
    select * from {{ ref('mart_stock_alerts') }}
),

products as (
    select * from {{ ref('dim_products') }}
),

warehouses as (
    select * from {{ ref('dim_warehouses') }}
),

last_weeks as (
    select
        warehouse_id,
        max(last_full_week_start_date) as week_start_date
    from alerts
    group by warehouse_id
),

final as (
    select
        coalesce(warehouses.warehouse_name, 'Warehouse') || ' (' || warehouses.warehouse_id || ')' as warehouse_title,
        coalesce(products.category_name, 'Unknown') as category_name,
        weekly.week_start_date,
        weekly.week_start_date = last_weeks.week_start_date as is_last_week,
        weekly.week_start_date = {{ add_days('last_weeks.week_start_date', -364) }} as is_last_week_year_before,
        cast(sum(weekly.sum_qty_wk) as bigint) as quantity,
        cast(sum(coalesce(weekly.sum_amt_wk, 0)) as decimal(18, 2)) as sales_amount,
        cast(sum(coalesce(weekly.inv_on_hand_qty_wk, 0)) as bigint) as on_hand_quantity,
        cast(sum(case when weekly.inv_on_hand_qty_wk is not null then weekly.sum_qty_wk else 0 end) as bigint) as counted_quantity,
        count(weekly.inv_on_hand_qty_wk) as counted_positions,
        count(*) as positions,
        count(case when weekly.low_stock_flg_wk then 1 end) as low_stock_positions
    from weekly
    inner join last_weeks
        on weekly.warehouse_id = last_weeks.warehouse_id
    inner join products
        on weekly.product_id = products.product_id
    inner join warehouses
        on weekly.warehouse_key = warehouses.warehouse_key
    where
        weekly.week_start_date <= last_weeks.week_start_date
        and weekly.week_start_date > {{ add_days('last_weeks.week_start_date', -728) }}
    group by
        warehouses.warehouse_name, warehouses.warehouse_id, products.category_name, weekly.week_start_date, last_weeks.week_start_date
)

select * from final
order by warehouse_title asc, week_start_date asc, category_name asc
