-- Pairs of customer and product sold in stores only, by catalog only, or both, in a year. A pair without customer matches none.
with pairs as (
    select
        lines.customer_id,
        lines.product_key,
        max(case when lines.channel = 'store' then 1 else 0 end) as in_store,
        max(case when lines.channel = 'catalog' then 1 else 0 end) as in_catalog
    from gold.fct_sales as lines
    inner join gold.dim_dates as dates on lines.sold_date_key = dates.date_key
    where
        lines.channel in ('store', 'catalog')
        and dates.source_month_sequence between 1200 and 1211
        and lines.customer_id != 'unknown'
    group by lines.customer_id, lines.product_key
)

select
    sum(case when in_catalog = 0 then 1 else 0 end),
    sum(case when in_store = 0 then 1 else 0 end),
    sum(case when in_store = 1 and in_catalog = 1 then 1 else 0 end)
from pairs
