-- Question: in which states did most customers of 2001 not come back in 2002, and what had they spent?
-- Asked by: customer care, to decide where to win customers back.
-- Look out for: the state is the customer's current one (dim_customers), not that of a sale. A purchase in any channel keeps a customer.
-- Customers without a known state are a row of their own.
with lines as (
    select * from {{ ref('fct_sales') }}
),

dates as (
    select * from {{ ref('dim_dates') }}
),

customers as (
    select * from {{ ref('dim_customers') }}
),

by_customer as (
    select
        customers.customer_id,
        customers.state,
        sum(case when dates.year_number = 2001 then lines.sales_amount end) as sales_amount_2001,
        max(case when dates.year_number = 2001 then 1 else 0 end) as bought_2001,
        max(case when dates.year_number = 2002 then 1 else 0 end) as bought_2002
    from lines
    inner join dates
        on lines.sold_date_key = dates.date_key
    inner join customers
        on lines.customer_id = customers.customer_id
    where dates.year_number in (2001, 2002) and not customers.is_unknown and not lines.is_cancelled
    group by customers.customer_id, customers.state
),

by_state as (
    select
        state,
        count(*) as customers,
        count(case when bought_2002 = 0 then 1 end) as lost_customers,
        cast(coalesce(sum(case when bought_2002 = 0 then sales_amount_2001 end), 0) as decimal(18, 2)) as lost_sales_amount
    from by_customer
    where bought_2001 = 1
    group by state
),

rated as (
    select
        state,
        customers,
        lost_customers,
        {{ ratio('lost_customers', 'customers') }} as lost_share,
        lost_sales_amount
    from by_state
)

select * from rated
order by lost_customers desc, lost_sales_amount desc, state asc nulls last
