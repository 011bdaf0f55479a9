-- Worst return ratios by product and channel, in units and in money, ranked in each.
with returned as (
    select
        lines.channel,
        cast(products.source_product_id as bigint) as product,
        cast(sum(coalesce(return_lines.return_quantity, 0)) as decimal(15, 4))
        / cast(sum(coalesce(lines.quantity, 0)) as decimal(15, 4)) as return_ratio,
        cast(sum(coalesce(return_lines.return_amount, 0)) as decimal(15, 4))
        / cast(sum(coalesce(lines.net_paid_amount, 0)) as decimal(15, 4)) as currency_ratio
    from gold.fct_sales as lines
    inner join gold.fct_returns as return_lines on lines.sales_line_key = return_lines.sales_line_key
    inner join gold.dim_dates as dates on lines.sold_date_key = dates.date_key
    inner join gold.dim_products_history as products on lines.product_key = products.product_key
    where
        lines.source_name = 'ops'
        and return_lines.return_amount > 1000
        and lines.net_profit_amount > 1
        and lines.net_paid_amount > 0
        and lines.quantity > 0
        and dates.year_number = 2001
        and dates.month_number = 12
    group by lines.channel, products.source_product_id
),

ranked as (
    select
        *,
        rank() over (partition by channel order by return_ratio) as return_rank,
        rank() over (partition by channel order by currency_ratio) as currency_rank
    from returned
)

select distinct
    channel,
    product,
    return_ratio,
    return_rank,
    currency_rank
from ranked
where return_rank <= 10 or currency_rank <= 10
