-- Net sales and returns of blocks of 52 weeks by country and state, and channel: where the goods went.
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
        sales.country,
        sales.state,
        periods.period_number,
        cast(sum(sales.net_sales_amount) as decimal(18, 2)) as net_sales_amount,
        cast(
            sum(case when periods.has_year_before then sales.net_sales_amount else 0 end) as decimal(18, 2)
        ) as comparable_net_sales_amount,
        cast(
            sum(case when periods.has_year_before then coalesce(sales.net_sales_amount_year_before, 0) else 0 end) as decimal(18, 2)
        ) as net_sales_amount_year_before,
        cast(sum(sales.quantity) as bigint) as quantity
    from periods
    inner join sales
        on
            periods.source_name = sales.source_name
            and periods.week_start_date = sales.week_start_date
    inner join channels
        on sales.channel = channels.channel
    group by periods.source_title, periods.period_name, channels.channel_name, sales.country, sales.state, periods.period_number
)

select * from final
order by period_number asc, source_title asc, country asc, state asc, channel_name asc
