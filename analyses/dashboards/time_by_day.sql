-- Every day of the latest 52 weeks, by channel: the calendar.
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

final as (
    select
        periods.source_title,
        periods.period_name,
        channels.channel_name,
        periods.week_start_date,
        dates.day_name,
        dates.day_of_week_number,
        dates.date_day,
        coalesce(dates.holiday_name, '') as holiday_name,
        cast(sum(sales.net_sales_amount) as decimal(18, 2)) as net_sales_amount,
        cast(sum(sales.orders) as bigint) as orders
    from periods
    inner join dates
        on periods.week_start_date = dates.week_start_date
    inner join sales
        on
            periods.source_name = sales.source_name
            and dates.date_day = sales.date_day
    inner join channels
        on sales.channel = channels.channel
    where periods.period_number = 1
    group by
        periods.source_title, periods.period_name, channels.channel_name, periods.week_start_date, dates.day_name, dates.day_of_week_number,
        dates.date_day, dates.holiday_name
)

select * from final
order by source_title asc, date_day asc, channel_name asc
