-- Weekend purchases by some households in a city other than the one the customer lives in.
with tickets as (
    select
        lines.order_id,
        lines.customer_id,
        addresses.city as bought_city,
        sum(lines.coupon_amount) as coupon_amount,
        sum(lines.net_profit_amount) as profit
    from gold.fct_sales as lines
    inner join gold.dim_dates as dates on lines.sold_date_key = dates.date_key
    inner join gold.dim_stores_history as stores on lines.store_key = stores.store_key
    inner join gold.dim_household_demographics as households on lines.household_demographics_key = households.household_demographics_key
    inner join gold.dim_addresses as addresses on lines.address_key = addresses.address_key
    where
        lines.channel = 'store'
        and not addresses.is_unknown
        and dates.is_weekend
        and dates.year_number in (1999, 2000, 2001)
        and stores.city in ('Fairview', 'Midway')
        and (households.household_dependent_count = 4 or households.household_vehicle_count = 3)
    group by lines.order_id, lines.customer_id, lines.address_key, addresses.city
)

select
    customers.last_name,
    customers.first_name,
    customers.city,
    tickets.bought_city,
    cast(tickets.order_id as bigint),
    tickets.coupon_amount,
    tickets.profit
from tickets
inner join gold.dim_customers as customers on tickets.customer_id = customers.customer_id
where customers.city != tickets.bought_city
