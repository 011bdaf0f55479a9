-- Question: in which weeks of 2002 did a store sell at least a fifth less than a year before?
-- Asked by: whoever runs the stores.
-- Look out for: whole weeks only; customers and orders of several weeks do not add up.
select
    store_name,
    week_start_date,
    sales_amount,
    sales_amount_year_before,
    sales_amount_year_change_ratio,
    distinct_customers,
    sales_amount_per_employee,
    return_amount
from {{ ref('mart_store_performance') }}
where
    week_start_date >= date '2002-01-01'
    and week_end_date <= date '2002-12-31'
    and is_complete_week
    and sales_amount_year_change_ratio <= -0.20
order by sales_amount_year_change_ratio, store_name, week_start_date
