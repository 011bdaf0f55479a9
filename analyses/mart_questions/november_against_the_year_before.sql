-- Question: how did each category do in November 2001, against the same weekdays of the year before?
-- Asked by: the marketers.
-- Look out for: a ratio is taken of sums, never summed. Orders are left out: one has goods of several categories.
select
    category_name,
    cast(sum(quantity) as bigint) as quantity,
    sum(sales_amount) as sales_amount,
    sum(sales_amount_year_before) as sales_amount_year_before,
    cast(sum(sales_amount) / nullif(sum(sales_amount_year_before), 0) - 1 as decimal(18, 4)) as change,
    sum(case when is_holiday or is_weekend then sales_amount else 0 end) as weekend_and_holiday_sales_amount,
    sum(return_amount) as return_amount
from {{ ref('mart_sales_daily') }}
where
    source_name = 'ops'
    and month_start_date = date '2001-11-01'
group by category_name
order by change desc nulls last, category_name asc
