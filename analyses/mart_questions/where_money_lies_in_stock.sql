-- Question: in which categories does money lie in stock that nobody will buy soon, and where does a shortage cost sales?
-- Asked by: the head of planning.
-- Look out for: the two amounts are not of one kind (wholesale cost and expected sales) and are not to be added.
with alerts as (
    select * from {{ ref('mart_stock_alerts') }}
),

by_category as (
    select
        category_name,
        count(*) as products_in_warehouses,
        count(case when needs_attention then 1 end) as to_act_on,
        count(case when stock_status in ('out_of_stock', 'low') then 1 end) as short,
        cast(sum(expected_lost_sales_amount) as decimal(18, 2)) as expected_lost_sales_amount,
        count(case when stock_status in ('excess', 'no_demand') then 1 end) as too_much,
        cast(sum(excess_stock_amount) as decimal(18, 2)) as excess_stock_amount
    from alerts
    group by category_name
)

select * from by_category
order by excess_stock_amount desc nulls last, category_name asc nulls last
