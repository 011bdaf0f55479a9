-- Question: who are our customers, how many of each kind, and what are they worth?
-- Asked by: marketing, before it plans a campaign.
-- Look out for: scores are within a source, so the sources are kept apart. Customers without an order are there too.
with customers as (
    select * from {{ ref('mart_customer_segments') }}
),

by_segment as (
    select
        source_name,
        segment_name,
        count(*) as customers,
        cast(sum(orders) as bigint) as orders,
        cast(sum(net_sales_after_returns_amount) as decimal(18, 2)) as worth_amount,
        {{ amount_per('sum(net_sales_after_returns_amount)', 'count(*)') }} as worth_amount_per_customer,
        {{ ratio('cast(sum(days_since_last_order) as bigint)', 'count(days_since_last_order)') }} as average_days_since_last_order
    from customers
    group by source_name, segment_name
)

select * from by_segment
order by worth_amount desc nulls last, source_name asc nulls last, segment_name asc nulls last
