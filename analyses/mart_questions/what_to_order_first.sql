-- Question: what do I order today, and where does it hurt most?
-- Asked by: the stock planners, every morning.
-- Look out for: what is already on its way is not known here; take it off. Of equal losses the one that lasts least.
with alerts as (
    select * from {{ ref('mart_stock_alerts') }}
),

to_order as (
    select
        product_name,
        category_name,
        warehouse_name,
        stock_status,
        on_hand_quantity,
        cover_weeks,
        lead_time_weeks,
        suggested_order_quantity,
        expected_lost_sales_amount,
        alert_reason,
        product_id,
        warehouse_id
    from alerts
    where needs_attention and stock_status in ('out_of_stock', 'low')
)

select * from to_order
order by expected_lost_sales_amount desc nulls last, cover_weeks asc nulls first, product_id asc, warehouse_id asc
