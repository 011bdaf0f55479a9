-- Sales of an average day: at weekends against weekdays, on holidays against ordinary days, by season. Each day once in each comparison.
-- Look out for: the figures of a day add up over channels, not over blocks or kinds of day.
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
        dates.is_weekend,
        dates.is_holiday,
        dates.season_name
    from periods
    inner join dates
        on periods.week_start_date = dates.week_start_date
),

kinds as (
    select
        *,
        'Weekend' as comparison_name,
        case when is_weekend then 'Weekend' else 'Weekday' end as day_kind,
        case when is_weekend then 2 else 1 end as kind_order
    from days
    union all
    select
        *,
        'Holiday' as comparison_name,
        case when is_holiday then 'Holiday' else 'Ordinary day' end as day_kind,
        case when is_holiday then 2 else 1 end as kind_order
    from days
    union all
    select
        *,
        'Season' as comparison_name,
        season_name as day_kind,
        case season_name when 'Spring' then 1 when 'Summer' then 2 when 'Autumn' then 3 else 4 end as kind_order
    from days
),

counted as (
    select
        *,
        count(*) over (partition by source_name, period_number, comparison_name, day_kind) as days
    from kinds
),

summed as (
    select
        counted.source_title,
        counted.period_name,
        counted.period_number,
        channels.channel_name,
        counted.comparison_name,
        counted.day_kind,
        counted.kind_order,
        counted.days,
        sum(sales.net_sales_amount) as net_sales_amount,
        sum(sales.orders) as orders
    from counted
    inner join sales
        on
            counted.source_name = sales.source_name
            and counted.date_day = sales.date_day
    inner join channels
        on sales.channel = channels.channel
    group by
        counted.source_title, counted.period_name, counted.period_number, channels.channel_name, counted.comparison_name, counted.day_kind,
        counted.kind_order, counted.days
),

final as (
    select
        source_title,
        period_name,
        channel_name,
        comparison_name,
        day_kind,
        cast(kind_order as bigint) as kind_order,
        period_number,
        days,
        cast(net_sales_amount as decimal(18, 2)) as net_sales_amount,
        cast(orders as bigint) as orders,
        {{ amount_per('net_sales_amount', 'days') }} as net_sales_amount_per_day,
        {{ ratio('cast(orders as bigint)', 'days') }} as orders_per_day
    from summed
)

select * from final
order by period_number asc, source_title asc, channel_name asc, comparison_name asc, kind_order asc
