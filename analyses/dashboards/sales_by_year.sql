-- Calendar years by channel, with what has no day in a row of its own: together all that was ever sold.
-- Look out for: a year may hold few days (the first and the last of a source); days with sales say how many.
with ends as (
    {{ sales_ends() }}
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
        ends.source_title,
        coalesce(cast(dates.year_number as varchar), 'No day known') as calendar_year,
        channels.channel_name,
        count(distinct case when sales.sold_lines > 0 then sales.date_day end) as days_with_sales,
        cast(sum(sales.net_sales_amount) as decimal(18, 2)) as net_sales_amount,
        cast(sum(sales.orders) as bigint) as orders,
        cast(sum(sales.quantity) as bigint) as quantity,
        cast(sum(sales.return_amount) as decimal(18, 2)) as return_amount
    from sales
    inner join ends
        on sales.source_name = ends.source_name
    inner join dates
        on sales.date_key = dates.date_key
    inner join channels
        on sales.channel = channels.channel
    group by ends.source_title, dates.year_number, channels.channel_name
)

select * from final
order by source_title asc, calendar_year asc, channel_name asc
