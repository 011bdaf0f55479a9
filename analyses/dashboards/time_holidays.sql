-- What a holiday sells beside the same weekday one week before and one week after: the season is in both.
-- Look out for: near another holiday the neighbours are no ordinary days; several holidays on one day share its name.
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

holidays as (
    select
        periods.source_name,
        periods.source_title,
        periods.period_name,
        periods.period_number,
        dates.date_day,
        dates.holiday_name
    from periods
    inner join dates
        on periods.week_start_date = dates.week_start_date
    where dates.is_holiday
),

days as (
    select
        source_name,
        channel,
        date_day,
        sum(net_sales_amount) as net_sales_amount,
        sum(orders) as orders
    from sales
    where date_day is not null
    group by source_name, channel, date_day
),

beside as (
    select
        holidays.source_name,
        holidays.date_day,
        days.channel,
        case when days.date_day = holidays.date_day then days.net_sales_amount else 0 end as net_sales_amount,
        case when days.date_day = holidays.date_day then days.orders else 0 end as orders,
        case when days.date_day != holidays.date_day then days.net_sales_amount else 0 end as neighbour_net_sales_amount
    from holidays
    inner join days
        on
            holidays.source_name = days.source_name
            and (
                holidays.date_day = days.date_day
                or {{ add_days('holidays.date_day', -7) }} = days.date_day
                or {{ add_days('holidays.date_day', 7) }} = days.date_day
            )
),

final as (
    select
        holidays.source_title,
        holidays.period_name,
        channels.channel_name,
        holidays.holiday_name,
        holidays.date_day,
        holidays.period_number,
        cast(sum(beside.net_sales_amount) as decimal(18, 2)) as net_sales_amount,
        cast(sum(beside.orders) as bigint) as orders,
        {{ amount_per('sum(beside.neighbour_net_sales_amount)', '2') }} as ordinary_net_sales_amount
    from beside
    inner join holidays
        on
            beside.source_name = holidays.source_name
            and beside.date_day = holidays.date_day
    inner join channels
        on beside.channel = channels.channel
    group by
        holidays.source_title, holidays.period_name, channels.channel_name, holidays.holiday_name, holidays.date_day,
        holidays.period_number
)

select * from final
order by period_number asc, source_title asc, date_day asc, channel_name asc
