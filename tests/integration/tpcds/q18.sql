-- Catalog averages by product and the buyer's current place, with every subtotal; demographics of the line, birth date of the customer.
select
    products.source_durable_product_id,
    customers.country,
    customers.state,
    customers.county,
    avg(lines.quantity),
    avg(lines.unit_list_price),
    avg(lines.coupon_amount),
    avg(lines.unit_sales_price),
    avg(lines.net_profit_amount),
    avg(customers.birth_year),
    avg(demographics.dependent_count)
from gold.fct_sales as lines
inner join gold.dim_dates as dates on lines.sold_date_key = dates.date_key
inner join gold.dim_products_history as products on lines.product_key = products.product_key
inner join gold.dim_customers as customers on lines.customer_id = customers.customer_id
inner join gold.dim_customer_demographics as demographics on lines.customer_demographics_key = demographics.customer_demographics_key
where
    lines.channel = 'catalog'
    and dates.year_number = 1998
    and demographics.gender = 'F'
    and demographics.education_status = 'Unknown'
    and customers.birth_month in (1, 6, 8, 9, 12, 2)
    and customers.state in ('MS', 'IN', 'ND', 'OK', 'NM', 'VA')
    and customers.source_current_customer_demographics_id is not null
group by rollup (products.source_durable_product_id, customers.country, customers.state, customers.county)
