-- Days on which a product's cumulated web sales of the year are ahead of its store sales.
with daily as (
    select
        lines.product_key,
        lines.sold_date,
        sum(case when lines.channel = 'web' then lines.unit_sales_price end) as web_sales,
        sum(case when lines.channel = 'store' then lines.unit_sales_price end) as store_sales,
        max(case when lines.channel = 'web' then 1 end) as has_web,
        max(case when lines.channel = 'store' then 1 end) as has_store
    from gold.fct_sales as lines
    inner join gold.dim_dates as dates on lines.sold_date_key = dates.date_key
    where lines.channel in ('web', 'store') and dates.source_month_sequence between 1200 and 1211
    group by lines.product_key, lines.sold_date
),

cumulated as (
    select
        *,
        case when has_web = 1 then sum(web_sales) over running end as cumulated_web,
        case when has_store = 1 then sum(store_sales) over running end as cumulated_store
    from daily
    window running as (partition by product_key order by sold_date rows between unbounded preceding and current row)
),

ahead as (
    select
        *,
        max(cumulated_web) over running as web_so_far,
        max(cumulated_store) over running as store_so_far
    from cumulated
    window running as (partition by product_key order by sold_date rows between unbounded preceding and current row)
)

select
    cast(products.source_product_id as bigint),
    ahead.sold_date,
    ahead.cumulated_web,
    ahead.cumulated_store,
    ahead.web_so_far,
    ahead.store_so_far
from ahead
inner join gold.dim_products_history as products on ahead.product_key = products.product_key
where ahead.web_so_far > ahead.store_so_far
