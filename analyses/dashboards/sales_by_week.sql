-- Net sales of each week beside the same week a year (52 weeks) before, by channel and category.
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
        periods.week_start_date,
        channels.channel_name,
        sales.category_name,
        cast(sum(sales.net_sales_amount) as decimal(18, 2)) as net_sales_amount,
        cast(
            sum(case when periods.has_year_before then sales.net_sales_amount_year_before end) as decimal(18, 2)
        ) as net_sales_amount_year_before
    from periods
    inner join sales
        on
            periods.source_name = sales.source_name
            and periods.week_start_date = sales.week_start_date
    inner join channels
        on sales.channel = channels.channel
    group by periods.source_title, periods.period_name, periods.week_start_date, channels.channel_name, sales.category_name
)

select * from final
order by source_title asc, week_start_date asc, channel_name asc, category_name asc
