-- Web orders to a state in two months that left in more than one way and of which something came back.
with orders as (
    select
        order_id,
        count(distinct shipping_method_key) as shipping_methods
    from gold.fct_sales
    where channel = 'web' and shipping_method_key != '-1'
    group by order_id
)

select
    count(distinct lines.order_id),
    sum(lines.shipping_cost_amount),
    sum(lines.net_profit_amount)
from gold.fct_sales as lines
inner join orders on lines.order_id = orders.order_id
inner join gold.dim_addresses as addresses on lines.ship_address_key = addresses.address_key
inner join gold.dim_web_sites as web_sites on lines.web_site_key = web_sites.web_site_key
where
    lines.channel = 'web'
    and lines.ship_date between date '1999-02-01' and date '1999-04-02'
    and addresses.state = 'IL'
    and web_sites.company_name = 'ese'
    and orders.shipping_methods > 1
    and lines.order_id in (select order_id from gold.fct_returns where channel = 'web')
