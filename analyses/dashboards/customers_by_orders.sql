-- How many customers ordered how often, and what they were worth.
with ends as (
    {{ sales_ends() }}
),

customers as (
    select * from {{ ref('mart_customer_segments') }}
),

banded as (
    select
        ends.source_title,
        case when customers.orders >= 10 then 10 else customers.orders end as orders_at_most,
        customers.net_sales_after_returns_amount
    from customers
    inner join ends
        on customers.source_name = ends.source_name
),

final as (
    select
        source_title,
        case when orders_at_most = 10 then '10+' else cast(orders_at_most as varchar) end as orders_band,
        orders_at_most as band_order,
        count(*) as customers,
        cast(sum(net_sales_after_returns_amount) as decimal(18, 2)) as net_sales_after_returns_amount
    from banded
    group by source_title, orders_at_most
)

select * from final
order by source_title asc, band_order asc
