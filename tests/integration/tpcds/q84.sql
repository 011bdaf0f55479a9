-- Customers of a city and income, once for each store return under their own demographics.
select
    customers.customer_code,
    coalesce(customers.last_name, '') || ', ' || coalesce(customers.first_name, '')
from gold.dim_customers as customers
inner join gold.dim_customer_demographics as demographics
    on
        customers.source_name = demographics.source_name
        and customers.source_current_customer_demographics_id = demographics.source_customer_demographics_id
inner join gold.fct_returns as lines
    on demographics.customer_demographics_key = lines.returning_customer_demographics_key and lines.channel = 'store'
where
    customers.city = 'Edgewood'
    and customers.income_lower_bound_amount >= 38128
    and customers.income_upper_bound_amount <= 88128
