-- Customers whose age band is known, and what they were worth.
-- Look out for: few sources give ages, and all that do are counted together: the column is not called as the pages' filter is.
with ends as (
    {{ sales_ends() }}
),

segments as (
    select * from {{ ref('mart_customer_segments') }}
),

customers as (
    select * from {{ ref('dim_customers') }}
),

final as (
    select
        ends.source_title as age_source,
        customers.age_band,
        count(*) as customers,
        cast(sum(segments.orders) as bigint) as orders,
        cast(sum(segments.net_sales_after_returns_amount) as decimal(18, 2)) as net_sales_after_returns_amount
    from segments
    inner join customers
        on segments.customer_id = customers.customer_id
    inner join ends
        on segments.source_name = ends.source_name
    where customers.age_band is not null
    group by ends.source_title, customers.age_band
)

select * from final
order by age_source asc, age_band asc
