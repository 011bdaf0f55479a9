-- Stock as it is: products in warehouses, by warehouse, category and status, with what to order and what is at risk.
-- Look out for: expected lost sales are revenue and excess is capital at cost; do not add them up.
with alerts as (
    select * from {{ ref('mart_stock_alerts') }}
),

products as (
    select * from {{ ref('dim_products') }}
),

final as (
    select
        coalesce(alerts.warehouse_name, 'Warehouse') || ' (' || alerts.warehouse_id || ')' as warehouse_title,
        coalesce(alerts.category_name, 'Unknown') as category_name,
        alerts.stock_status,
        count(*) as positions,
        count(case when alerts.needs_attention then 1 end) as positions_to_act_on,
        count(case when alerts.stock_status in ('low', 'out_of_stock') then 1 end) as positions_short,
        cast(sum(coalesce(alerts.on_hand_quantity, 0)) as bigint) as on_hand_quantity,
        cast(
            sum(case when alerts.on_hand_quantity is null then 0 else coalesce(alerts.weekly_rate_quantity, 0) end) as decimal(18, 4)
        ) as weekly_rate_quantity,
        cast(sum(coalesce(alerts.on_hand_quantity * products.wholesale_cost, 0)) as decimal(18, 2)) as stock_cost_amount,
        cast(sum(coalesce(alerts.suggested_order_quantity, 0)) as bigint) as suggested_order_quantity,
        cast(sum(coalesce(alerts.suggested_order_quantity * products.wholesale_cost, 0)) as decimal(18, 2)) as suggested_order_cost_amount,
        cast(sum(coalesce(alerts.expected_lost_sales_amount, 0)) as decimal(18, 2)) as expected_lost_sales_amount,
        cast(sum(coalesce(alerts.excess_quantity, 0)) as bigint) as excess_quantity,
        cast(sum(coalesce(alerts.excess_stock_amount, 0)) as decimal(18, 2)) as excess_stock_amount,
        max(alerts.as_of_date) as as_of_date
    from alerts
    inner join products
        on alerts.product_id = products.product_id
    group by alerts.warehouse_name, alerts.warehouse_id, alerts.category_name, alerts.stock_status
)

select * from final
order by warehouse_title asc, category_name asc, stock_status asc
