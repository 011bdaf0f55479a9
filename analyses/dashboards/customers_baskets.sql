-- How large an order is, in units and in lines, by channel, in blocks of 52 weeks.
-- Look out for: an order without a known quantity is in no band of units.
with days as (
    {{ sales_period_days() }}
),

lines as (
    select * from {{ ref('fct_sales') }}
),

channels as (
    select * from {{ ref('dim_channels') }}
),

orders as (
    select
        lines.source_name,
        lines.channel,
        lines.order_id,
        min(case when lines.sold_date_key > 0 then lines.sold_date_key end) as sold_date_key,
        sum(lines.quantity) as quantity,
        count(*) as order_lines,
        sum(coalesce(lines.sales_amount, 0) - coalesce(lines.coupon_amount, 0)) as net_sales_amount
    from lines
    where not lines.is_cancelled
    group by lines.source_name, lines.channel, lines.order_id
),

banded as (
    select
        days.source_title,
        days.period_name,
        days.period_number,
        channels.channel_name,
        case
            when orders.quantity <= 2 then 1
            when orders.quantity <= 5 then 2
            when orders.quantity <= 10 then 3
            when orders.quantity <= 50 then 4
            when orders.quantity <= 200 then 5
            when orders.quantity <= 500 then 6
            when orders.quantity > 500 then 7
            else 8
        end as band_order,
        orders.quantity,
        orders.order_lines,
        orders.net_sales_amount
    from orders
    inner join days
        on
            orders.source_name = days.source_name
            and orders.sold_date_key = days.date_key
    inner join channels
        on orders.channel = channels.channel
),

final as (
    select
        source_title,
        period_name,
        channel_name,
        case band_order
            when 1 then '1 to 2'
            when 2 then '3 to 5'
            when 3 then '6 to 10'
            when 4 then '11 to 50'
            when 5 then '51 to 200'
            when 6 then '201 to 500'
            when 7 then 'over 500'
            else 'not known'
        end as units_band,
        period_number,
        band_order,
        count(*) as orders,
        cast(sum(coalesce(quantity, 0)) as bigint) as quantity,
        cast(sum(order_lines) as bigint) as order_lines,
        cast(sum(coalesce(net_sales_amount, 0)) as decimal(18, 2)) as net_sales_amount
    from banded
    group by source_title, period_name, channel_name, period_number, band_order
)

select * from final
order by period_number asc, source_title asc, channel_name asc, band_order asc
