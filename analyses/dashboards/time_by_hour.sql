-- Net sales of each hour of each weekday, together over a block of 52 weeks: each weekday occurs 52 times in it.
-- Look out for: sales without a time (one in twenty of the stores) stand under no hour and are left out.
with days as (
    {{ sales_period_days() }}
),

lines as (
    select * from {{ ref('fct_sales') }}
),

times as (
    select * from {{ ref('dim_times') }}
),

channels as (
    select * from {{ ref('dim_channels') }}
),

summed as (
    select
        days.source_title,
        days.period_name,
        days.period_number,
        channels.channel_name,
        days.day_name,
        days.day_of_week_number,
        times.hour_number,
        times.hour_name,
        count(*) as sold_lines,
        sum(coalesce(lines.sales_amount, 0) - coalesce(lines.coupon_amount, 0)) as net_sales_amount
    from lines
    inner join times
        on lines.sold_time_key = times.time_key
    inner join days
        on
            lines.source_name = days.source_name
            and lines.sold_date_key = days.date_key
    inner join channels
        on lines.channel = channels.channel
    where
        not lines.is_cancelled
        and not times.is_unknown
        -- two years, so that the page stays small
        and days.period_number <= 2
    group by
        days.source_title, days.period_name, days.period_number, channels.channel_name, days.day_name, days.day_of_week_number,
        times.hour_number, times.hour_name
),

final as (
    select
        source_title,
        period_name,
        channel_name,
        day_name,
        day_of_week_number,
        hour_name,
        period_number,
        sold_lines,
        cast(coalesce(net_sales_amount, 0) as decimal(18, 2)) as net_sales_amount
    from summed
)

select * from final
order by period_number asc, source_title asc, channel_name asc, day_of_week_number asc, hour_name asc
