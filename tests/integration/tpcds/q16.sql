-- Catalog orders shipped to a state in two months, in more than one way, of which nothing came back.
with orders as (
    select
        order_id,
        count(distinct shipping_method_key) as shipping_methods
    from gold.fct_sales
    where channel = 'catalog' and shipping_method_key != '-1'
    group by order_id
)

select
    count(distinct lines.order_id),
    sum(lines.shipping_cost_amount),
    sum(lines.net_profit_amount)
from gold.fct_sales as lines
inner join orders on lines.order_id = orders.order_id
inner join gold.dim_addresses as addresses on lines.ship_address_key = addresses.address_key
inner join gold.dim_call_centers as call_centers on lines.call_center_key = call_centers.call_center_key
where
    lines.channel = 'catalog'
    and lines.ship_date between date '2002-02-01' and date '2002-04-02'
    and lines.shipping_method_key != '-1'
    and addresses.state = 'GA'
    and call_centers.county = 'Williamson County'
    and orders.shipping_methods > 1
    and lines.order_id not in (select order_id from gold.fct_returns where channel = 'catalog')
