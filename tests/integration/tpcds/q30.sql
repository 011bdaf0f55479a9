-- Customers in Georgia whose web returns of a year, sent from one state, are over 1.2 times that state's average.
with customer_returns as (
    select
        lines.returning_customer_id,
        addresses.state,
        sum(lines.return_amount) as return_amount
    from gold.fct_returns as lines
    inner join gold.dim_dates as dates on lines.returned_date_key = dates.date_key
    inner join gold.dim_addresses as addresses on lines.returning_address_key = addresses.address_key
    where lines.channel = 'web' and dates.year_number = 2002 and not addresses.is_unknown
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
    case customers.is_preferred_customer when true then 'Y' when false then 'N' end,
    customers.birth_day,
    customers.birth_month,
    customers.birth_year,
    customers.birth_country,
    customers.login,
    customers.email,
    cast(review_dates.source_date_id as bigint),
    compared.return_amount
from compared
inner join gold.dim_customers as customers on compared.returning_customer_id = customers.customer_id
left join gold.dim_dates as review_dates on customers.last_review_date = review_dates.date_day
where customers.state = 'GA' and compared.state is not null and compared.return_amount > compared.average_return_amount * 1.2
