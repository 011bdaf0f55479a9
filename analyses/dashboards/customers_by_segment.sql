-- The RFM segments: how many customers, what they were worth, and what to do with them.
with ends as (
    {{ sales_ends() }}
),

customers as (
    select * from {{ ref('mart_customer_segments') }}
),

final as (
    select
        ends.source_title,
        customers.segment_name,
        customers.segment_description,
        count(*) as customers,
        cast(sum(customers.orders) as bigint) as orders,
        cast(sum(customers.net_sales_after_returns_amount) as decimal(18, 2)) as net_sales_after_returns_amount,
        cast(sum(customers.days_since_last_order) as bigint) as days_since_last_order,
        count(customers.days_since_last_order) as customers_with_last_order,
        max(customers.as_of_date) as as_of_date
    from customers
    inner join ends
        on customers.source_name = ends.source_name
    group by ends.source_title, customers.segment_name, customers.segment_description
)

select * from final
order by source_title asc, net_sales_after_returns_amount desc nulls last, segment_name asc
