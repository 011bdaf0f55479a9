-- Question: what sold best and worst in the week from 16 December 2001, and how long does its stock last?
-- Asked by: the stock planners.
-- Look out for: products with one amount share a place, so there may be more than three of a kind. A product that sold
-- nothing is no worst seller.
select
    case when best_rank_by_amount <= 3 then 'best' else 'worst' end as list,
    product_name,
    category_name,
    best_rank_by_amount,
    worst_rank_by_amount,
    sales_amount,
    sales_amount_week_change_ratio,
    sales_amount_year_change_ratio,
    on_hand_quantity,
    weeks_of_supply
from {{ ref('mart_product_performance') }}
where
    week_start_date = date '2001-12-16'
    and (best_rank_by_amount <= 3 or worst_rank_by_amount <= 3)
order by list, coalesce(case when best_rank_by_amount <= 3 then best_rank_by_amount end, worst_rank_by_amount), product_id
