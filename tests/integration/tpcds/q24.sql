-- Returned store purchases of customers who live in the store's state but were born elsewhere, for products of one colour.
with purchases as (
    select
        customers.last_name,
        customers.first_name,
        stores.store_name,
        products.color,
        sum(lines.net_paid_amount) as net_paid
    from gold.fct_sales as lines
    inner join gold.fct_returns as return_lines on lines.sales_line_key = return_lines.sales_line_key
    inner join gold.dim_customers as customers on lines.customer_id = customers.customer_id
    inner join gold.dim_stores_history as stores on lines.store_key = stores.store_key
    inner join gold.dim_products_history as products on lines.product_key = products.product_key
    where
        lines.channel = 'store'
        and customers.birth_country != upper(customers.country)
        and stores.state = customers.state
        and stores.source_market_id = '2'
    group by
        customers.last_name, customers.first_name, stores.store_name, customers.state, stores.state, products.color,
        products.current_price, products.source_manager_id, products.unit_of_measure, products.size_name
)

select
    last_name,
    first_name,
    store_name,
    sum(net_paid)
from purchases
where color = 'sky'
group by last_name, first_name, store_name
having sum(net_paid) > (select 0.05 * avg(net_paid) from purchases)
