-- Customers who ordered in blocks of 52 weeks, and the block before: each once, so that they add up over sources and nothing else.
-- Look out for: new are those whose first order ever is in the block; in the first year of a source that is nearly everybody.
with days as (
    {{ sales_period_days() }}
),

lines as (
    select * from {{ ref('fct_sales') }}
),

customers as (
    select * from {{ ref('mart_customer_segments') }}
),

blocks as (
    select
        source_name,
        source_title,
        period_number,
        period_name,
        has_year_before,
        min(date_day) as first_day,
        max(date_day) as last_day
    from days
    group by source_name, source_title, period_number, period_name, has_year_before
),

customer_blocks as (
    select
        days.source_name,
        days.period_number,
        lines.customer_id,
        count(distinct lines.channel || '/' || lines.order_id) as orders,
        sum(coalesce(lines.sales_amount, 0) - coalesce(lines.coupon_amount, 0)) as net_sales_amount
    from lines
    inner join days
        on
            lines.source_name = days.source_name
            and lines.sold_date_key = days.date_key
    where
        not lines.is_cancelled
        and lines.customer_id != 'unknown'
    group by days.source_name, days.period_number, lines.customer_id
),

counted as (
    select
        blocks.source_name,
        blocks.source_title,
        blocks.period_number,
        blocks.period_name,
        blocks.has_year_before,
        blocks.first_day,
        blocks.last_day,
        count(*) as active_customers,
        count(case when customers.first_order_date >= blocks.first_day then 1 end) as new_customers,
        count(case when customer_blocks.orders > 1 then 1 end) as repeat_customers,
        sum(customer_blocks.orders) as orders,
        sum(customer_blocks.net_sales_amount) as net_sales_amount
    from customer_blocks
    inner join blocks
        on
            customer_blocks.source_name = blocks.source_name
            and customer_blocks.period_number = blocks.period_number
    left join customers
        on customer_blocks.customer_id = customers.customer_id
    group by
        blocks.source_name, blocks.source_title, blocks.period_number, blocks.period_name, blocks.has_year_before, blocks.first_day,
        blocks.last_day
),

final as (
    select
        counted.source_title,
        counted.period_name,
        counted.period_number,
        counted.first_day,
        counted.last_day,
        counted.active_customers,
        counted.new_customers,
        counted.active_customers - counted.new_customers as returning_customers,
        counted.repeat_customers,
        cast(counted.orders as bigint) as orders,
        cast(counted.net_sales_amount as decimal(18, 2)) as net_sales_amount,
        case when counted.has_year_before then counted.active_customers else 0 end as comparable_active_customers,
        case when counted.has_year_before then counted.new_customers else 0 end as comparable_new_customers,
        case when counted.has_year_before then counted.repeat_customers else 0 end as comparable_repeat_customers,
        case when counted.has_year_before then cast(counted.orders as bigint) else 0 end as comparable_orders,
        cast(case when counted.has_year_before then counted.net_sales_amount else 0 end as decimal(18, 2)) as comparable_net_sales_amount,
        coalesce(before.active_customers, 0) as active_customers_year_before,
        coalesce(before.new_customers, 0) as new_customers_year_before,
        coalesce(before.repeat_customers, 0) as repeat_customers_year_before,
        coalesce(cast(before.orders as bigint), 0) as orders_year_before,
        cast(coalesce(before.net_sales_amount, 0) as decimal(18, 2)) as net_sales_amount_year_before
    from counted
    left join counted as before
        on
            counted.source_name = before.source_name
            and counted.period_number + 1 = before.period_number
            and counted.has_year_before
)

select * from final
order by period_number asc, source_title asc
