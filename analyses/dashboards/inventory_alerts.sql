-- What to act on: of each warehouse and category the 20 products where most money is at risk, and the 20 with most money bound in excess.
-- Look out for: the sentence says what to do; what is already on its way is not known here, take it off.
with alerts as (
    select * from {{ ref('mart_stock_alerts') }}
),

acted_on as (
    select
        *,
        case when stock_status in ('out_of_stock', 'low') then 'Order' else 'Clear or count' end as action_name
    from alerts
    where needs_attention
),

placed as (
    select
        *,
        row_number() over (
            partition by warehouse_id, category_name, action_name
            order by
                expected_lost_sales_amount desc nulls last, excess_stock_amount desc nulls last, suggested_order_quantity desc nulls last,
                product_id asc
        ) as place
    from acted_on
),

final as (
    select
        coalesce(warehouse_name, 'Warehouse') || ' (' || warehouse_id || ')' as warehouse_title,
        coalesce(category_name, 'Unknown') as category_name,
        action_name,
        product_id,
        product_name,
        stock_status,
        on_hand_quantity,
        weekly_rate_quantity,
        cover_weeks,
        lead_time_weeks,
        suggested_order_quantity,
        expected_lost_sales_amount,
        excess_stock_amount,
        alert_reason,
        place
    from placed
    where place <= 20
)

select * from final
order by
    action_name desc, expected_lost_sales_amount desc nulls last, excess_stock_amount desc nulls last,
    suggested_order_quantity desc nulls last, product_id asc, warehouse_title asc
