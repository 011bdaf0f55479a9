-- Net sales, units and returns of blocks of 52 weeks, by channel and category, and the block before.
-- Look out for: a channel that never takes a return is in no return rate; what has no year before is in no change.
with periods as (
    {{ sales_periods() }}
),

sales as (
    select * from {{ ref('mart_sales_daily') }}
),

channels as (
    select * from {{ ref('dim_channels') }}
),

channels_with_returns as (
    select distinct
        source_name,
        channel
    from sales
    where returned_lines > 0
),

in_periods as (
    select
        periods.source_title,
        periods.period_number,
        channels.channel_name,
        sales.category_name,
        periods.has_year_before,
        sum(sales.net_sales_amount) as net_sales_amount,
        sum(sales.quantity) as quantity,
        sum(sales.return_amount) as return_amount,
        sum(case when channels_with_returns.channel is not null then sales.sales_amount else 0 end) as returnable_sales_amount
    from periods
    inner join sales
        on
            periods.source_name = sales.source_name
            and periods.week_start_date = sales.week_start_date
    inner join channels
        on sales.channel = channels.channel
    left join channels_with_returns
        on
            sales.source_name = channels_with_returns.source_name
            and sales.channel = channels_with_returns.channel
    group by periods.source_title, periods.period_number, channels.channel_name, sales.category_name, periods.has_year_before
),

beside_the_year_before as (
    select
        source_title,
        period_number,
        channel_name,
        category_name,
        net_sales_amount,
        quantity,
        return_amount,
        returnable_sales_amount,
        case when has_year_before then net_sales_amount else 0 end as comparable_net_sales_amount,
        case when has_year_before then quantity else 0 end as comparable_quantity,
        case when has_year_before then return_amount else 0 end as comparable_return_amount,
        case when has_year_before then returnable_sales_amount else 0 end as comparable_returnable_sales_amount,
        0 as net_sales_amount_year_before,
        0 as quantity_year_before,
        0 as return_amount_year_before,
        0 as returnable_sales_amount_year_before
    from in_periods
    union all
    select
        source_title,
        period_number - 1 as period_number,
        channel_name,
        category_name,
        0 as net_sales_amount,
        0 as quantity,
        0 as return_amount,
        0 as returnable_sales_amount,
        0 as comparable_net_sales_amount,
        0 as comparable_quantity,
        0 as comparable_return_amount,
        0 as comparable_returnable_sales_amount,
        net_sales_amount as net_sales_amount_year_before,
        quantity as quantity_year_before,
        return_amount as return_amount_year_before,
        returnable_sales_amount as returnable_sales_amount_year_before
    from in_periods
    where period_number > 1
),

period_names as (
    select distinct
        period_number,
        period_name
    from periods
),

final as (
    select
        beside_the_year_before.source_title,
        period_names.period_name,
        beside_the_year_before.channel_name,
        beside_the_year_before.category_name,
        cast(beside_the_year_before.period_number as bigint) as period_number,
        cast(sum(beside_the_year_before.net_sales_amount) as decimal(18, 2)) as net_sales_amount,
        cast(sum(beside_the_year_before.comparable_net_sales_amount) as decimal(18, 2)) as comparable_net_sales_amount,
        cast(sum(beside_the_year_before.net_sales_amount_year_before) as decimal(18, 2)) as net_sales_amount_year_before,
        cast(sum(beside_the_year_before.quantity) as bigint) as quantity,
        cast(sum(beside_the_year_before.comparable_quantity) as bigint) as comparable_quantity,
        cast(sum(beside_the_year_before.quantity_year_before) as bigint) as quantity_year_before,
        cast(sum(beside_the_year_before.return_amount) as decimal(18, 2)) as return_amount,
        cast(sum(beside_the_year_before.comparable_return_amount) as decimal(18, 2)) as comparable_return_amount,
        cast(sum(beside_the_year_before.return_amount_year_before) as decimal(18, 2)) as return_amount_year_before,
        cast(sum(beside_the_year_before.returnable_sales_amount) as decimal(18, 2)) as returnable_sales_amount,
        cast(sum(beside_the_year_before.comparable_returnable_sales_amount) as decimal(18, 2)) as comparable_returnable_sales_amount,
        cast(sum(beside_the_year_before.returnable_sales_amount_year_before) as decimal(18, 2)) as returnable_sales_amount_year_before
    from beside_the_year_before
    inner join period_names
        on beside_the_year_before.period_number = period_names.period_number
    group by
        beside_the_year_before.source_title, period_names.period_name, beside_the_year_before.channel_name,
        beside_the_year_before.category_name, beside_the_year_before.period_number
)

select * from final
order by period_number asc, source_title asc, channel_name asc, category_name asc
