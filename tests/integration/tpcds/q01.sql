-- Customers whose returns to a store in a year are over 1.2 times the store's average.
with customer_returns as (
    select
        lines.returning_customer_id,
        lines.store_key,
        sum(lines.return_amount) as return_amount
    from gold.fct_returns as lines
    inner join gold.dim_dates as dates on lines.returned_date_key = dates.date_key
    where lines.channel = 'store' and dates.year_number = 2000
    group by lines.returning_customer_id, lines.store_key
),

compared as (
    select
        *,
        avg(return_amount) over (partition by store_key) as average_return_amount
    from customer_returns
)

select customers.customer_code
from compared
inner join gold.dim_customers as customers on compared.returning_customer_id = customers.customer_id
inner join gold.dim_stores_history as stores on compared.store_key = stores.store_key
where
    not customers.is_unknown
    and stores.state = 'TN'
    and compared.return_amount > compared.average_return_amount * 1.2
