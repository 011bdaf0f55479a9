-- Orders and their net sales in blocks of 52 weeks, by channel, and the block before. Not by category: an order has goods of several.
with periods as (
    {{ sales_periods() }}
),

sales as (
    select * from {{ ref('mart_sales_daily') }}
),

channels as (
    select * from {{ ref('dim_channels') }}
),

final as (
    select
        periods.source_title,
        periods.period_name,
        channels.channel_name,
        periods.period_number,
        cast(sum(sales.orders) as bigint) as orders,
        cast(sum(case when periods.has_year_before then sales.orders else 0 end) as bigint) as comparable_orders,
        cast(sum(case when periods.has_year_before then coalesce(sales.orders_year_before, 0) else 0 end) as bigint) as orders_year_before,
        cast(sum(sales.net_sales_amount) as decimal(18, 2)) as net_sales_amount,
        cast(
            sum(case when periods.has_year_before then sales.net_sales_amount else 0 end) as decimal(18, 2)
        ) as comparable_net_sales_amount,
        cast(
            sum(case when periods.has_year_before then coalesce(sales.net_sales_amount_year_before, 0) else 0 end) as decimal(18, 2)
        ) as net_sales_amount_year_before,
        min(periods.week_start_date) as first_week_start_date,
        max(periods.week_end_date) as last_week_end_date
    from periods
    inner join sales
        on
            periods.source_name = sales.source_name
            and periods.week_start_date = sales.week_start_date
    inner join channels
        on sales.channel = channels.channel
    group by periods.source_title, periods.period_name, channels.channel_name, periods.period_number
)

select * from final
order by period_number asc, source_title asc, channel_name asc
