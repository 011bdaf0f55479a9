-- The ten products that sold most, and the ten that sold least, of each warehouse and category, in units over the last 13 full weeks.
-- Look out for: the worst are those that had a count or a sale in these weeks, those without any sale first.
with weekly as (
    select * from {{ ref('fct_weekly_sales_inventory') }}
),

alerts as (
    select * from {{ ref('mart_stock_alerts') }}
),

sold as (
    select
        weekly.product_id,
        weekly.warehouse_id,
        sum(weekly.sum_qty_wk) as quantity,
        sum(coalesce(weekly.sum_amt_wk, 0)) as sales_amount,
        count(case when weekly.sum_qty_wk > 0 then 1 end) as weeks_with_sales
    from weekly
    inner join alerts
        on
            weekly.product_id = alerts.product_id
            and weekly.warehouse_id = alerts.warehouse_id
    where
        weekly.week_start_date <= alerts.last_full_week_start_date
        and weekly.week_start_date > {{ add_days('alerts.last_full_week_start_date', -91) }}
    group by weekly.product_id, weekly.warehouse_id
),

placed as (
    select
        coalesce(alerts.warehouse_name, 'Warehouse') || ' (' || alerts.warehouse_id || ')' as warehouse_title,
        coalesce(alerts.category_name, 'Unknown') as category_name,
        alerts.product_id,
        alerts.product_name,
        alerts.stock_status,
        alerts.on_hand_quantity,
        alerts.cover_weeks,
        sold.quantity,
        sold.sales_amount,
        sold.weeks_with_sales,
        row_number() over (
            partition by alerts.warehouse_id, alerts.category_name
            order by sold.quantity desc nulls last, sold.sales_amount desc nulls last, alerts.product_id asc
        ) as place_from_best,
        row_number() over (
            partition by alerts.warehouse_id, alerts.category_name
            order by sold.quantity asc nulls last, sold.sales_amount asc nulls last, alerts.product_id asc
        ) as place_from_worst
    from sold
    inner join alerts
        on
            sold.product_id = alerts.product_id
            and sold.warehouse_id = alerts.warehouse_id
),

listed as (
    select
        *,
        'Best' as list_name,
        place_from_best as place
    from placed
    where place_from_best <= 10
    union all
    select
        *,
        'Worst' as list_name,
        place_from_worst as place
    from placed
    where place_from_worst <= 10
),

final as (
    select
        warehouse_title,
        category_name,
        list_name,
        place,
        product_id,
        product_name,
        stock_status,
        cast(quantity as bigint) as quantity,
        cast(sales_amount as decimal(18, 2)) as sales_amount,
        weeks_with_sales,
        on_hand_quantity,
        cover_weeks
    from listed
)

select * from final
order by list_name asc, warehouse_title asc, category_name asc, place asc
