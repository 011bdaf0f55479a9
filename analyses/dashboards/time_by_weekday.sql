-- Sales of an average Monday, Tuesday ...: the sums of a block of 52 weeks divided by its 52 such days.
-- Look out for: the figures of a day add up over channels, not over blocks.
with periods as (
    {{ sales_periods() }}
),

sales as (
    select * from {{ ref('mart_sales_daily') }}
),

dates as (
    select * from {{ ref('dim_dates') }}
),

channels as (
    select * from {{ ref('dim_channels') }}
),

days as (
    select
        periods.source_name,
        periods.source_title,
        periods.period_number,
        periods.period_name,
        dates.date_day,
        dates.day_of_week_number,
        dates.day_name,
        dates.is_weekend,
        count(*) over (partition by periods.source_name, periods.period_number, dates.day_name) as days
    from periods
    inner join dates
        on periods.week_start_date = dates.week_start_date
),

summed as (
    select
        days.source_title,
        days.period_name,
        days.period_number,
        channels.channel_name,
        days.day_name,
        days.day_of_week_number,
        days.is_weekend,
        days.days,
        sum(sales.net_sales_amount) as net_sales_amount,
        sum(sales.orders) as orders
    from days
    inner join sales
        on
            days.source_name = sales.source_name
            and days.date_day = sales.date_day
    inner join channels
        on sales.channel = channels.channel
    group by
        days.source_title, days.period_name, days.period_number, channels.channel_name, days.day_name, days.day_of_week_number,
        days.is_weekend, days.days
),

final as (
    select
        source_title,
        period_name,
        channel_name,
        day_name,
        day_of_week_number,
        case when is_weekend then 'Weekend' else 'Weekday' end as day_kind,
        period_number,
        days,
        cast(net_sales_amount as decimal(18, 2)) as net_sales_amount,
        cast(orders as bigint) as orders,
        {{ amount_per('net_sales_amount', 'days') }} as net_sales_amount_per_day,
        {{ ratio('cast(orders as bigint)', 'days') }} as orders_per_day
    from summed
)

select * from final
order by period_number asc, source_title asc, channel_name asc, day_of_week_number asc
