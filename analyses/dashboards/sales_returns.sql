-- What came back in blocks of 52 weeks, by channel, category and reason.
-- Look out for: a return stands in the week it came back, whenever it was sold.
with days as (
    {{ sales_period_days() }}
),

returned_lines as (
    select * from {{ ref('fct_returns') }}
),

products as (
    select * from {{ ref('dim_products_history') }}
),

reasons as (
    select * from {{ ref('dim_return_reasons') }}
),

channels as (
    select * from {{ ref('dim_channels') }}
),

final as (
    select
        days.source_title,
        days.period_name,
        channels.channel_name,
        coalesce(products.category_name, 'Unknown') as category_name,
        coalesce(reasons.reason_description, 'Unknown') as return_reason,
        days.period_number,
        count(*) as returned_lines,
        cast(sum(coalesce(returned_lines.return_quantity, 0)) as bigint) as return_quantity,
        cast(sum(coalesce(returned_lines.return_amount, 0)) as decimal(18, 2)) as return_amount,
        cast(sum(coalesce(returned_lines.net_loss_amount, 0)) as decimal(18, 2)) as return_loss_amount
    from returned_lines
    inner join days
        on
            returned_lines.source_name = days.source_name
            and returned_lines.returned_date_key = days.date_key
    inner join products
        on returned_lines.product_key = products.product_key
    inner join reasons
        on returned_lines.return_reason_key = reasons.return_reason_key
    inner join channels
        on returned_lines.channel = channels.channel
    group by
        days.source_title, days.period_name, channels.channel_name, products.category_name, reasons.reason_description,
        days.period_number
)

select * from final
order by period_number asc, source_title asc, channel_name asc, category_name asc, return_reason asc
