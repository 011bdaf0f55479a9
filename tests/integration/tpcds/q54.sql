-- Store revenue, in the quarter after, of customers who bought a product class elsewhere and live where a store is.
with customers_won as (
    select distinct customers.customer_id, customers.county, customers.state
    from gold.fct_sales as lines
    inner join gold.dim_dates as dates on lines.sold_date_key = dates.date_key
    inner join gold.dim_products_history as products on lines.product_key = products.product_key
    inner join gold.dim_customers as customers on lines.customer_id = customers.customer_id
    where
        lines.channel in ('catalog', 'web')
        and products.category_name = 'Women'
        and dates.year_number = 1998
        and dates.month_number = 12
        and not customers.is_unknown
),

revenue as (
    select
        customers_won.customer_id,
        sum(lines.extended_sales_amount) as revenue
    from customers_won
    inner join gold.dim_stores_history as stores on customers_won.state = stores.state
    inner join gold.fct_sales as lines on customers_won.customer_id = lines.customer_id and lines.channel = 'store'
    inner join gold.dim_dates as dates on lines.sold_date_key = dates.date_key
    where dates.source_month_sequence between (
        select max(source_month_sequence) + 1 from gold.dim_dates where year_number = 1998 and month_number = 12
    ) and (
        select max(source_month_sequence) + 3 from gold.dim_dates where year_number = 1998 and month_number = 12
    )
    group by customers_won.customer_id
),

segments as (
    select cast(round(revenue / 50) as int) as segment
    from revenue
)

select
    segment,
    count(*),
    segment * 50
from segments
group by segment
