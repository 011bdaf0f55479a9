-- Customers in Georgia whose catalog returns of a year, sent from one state, are over 1.2 times that state's average, with their addresses.
with customer_returns as (
    select
        lines.returning_customer_id,
        addresses.state,
        sum(lines.return_amount_including_tax) as return_amount
    from gold.fct_returns as lines
    inner join gold.dim_dates as dates on lines.returned_date_key = dates.date_key
    inner join gold.dim_addresses as addresses on lines.returning_address_key = addresses.address_key
    where lines.channel = 'catalog' and dates.year_number = 2000 and not addresses.is_unknown
    group by lines.returning_customer_id, addresses.state
),

compared as (
    select
        *,
        avg(return_amount) over (partition by state) as average_return_amount
    from customer_returns
)

select
    customers.customer_code,
    customers.salutation,
    customers.first_name,
    customers.last_name,
    customers.street_number,
    customers.street_name,
    customers.street_type,
    customers.suite_number,
    customers.city,
    customers.county,
    customers.state,
    customers.postal_code,
    customers.country,
    customers.gmt_offset_hours,
    customers.location_type,
    compared.return_amount
from compared
inner join gold.dim_customers as customers on compared.returning_customer_id = customers.customer_id
where customers.state = 'GA' and compared.state is not null and compared.return_amount > compared.average_return_amount * 1.2
