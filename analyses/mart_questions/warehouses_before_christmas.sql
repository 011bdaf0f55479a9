-- Question: did the warehouses keep up in the last eight weeks of 2001?
-- Asked by: the stock planners.
-- Look out for: stock adds up over the warehouses of one week, never over weeks. Lines stand in the week they were sold, not shipped.
select
    warehouse_name,
    week_start_date,
    quantity,
    sales_amount_week_change_ratio,
    average_days_to_ship,
    on_hand_quantity,
    weeks_of_supply,
    low_stock_products,
    return_quantity
from {{ ref('mart_warehouse_performance') }}
where
    week_start_date between date '2001-11-04' and date '2001-12-23'
    and warehouse_id != 'unknown'
order by warehouse_name, week_start_date
