-- Products returned in all three channels in some months, with the share of each channel.
with returned as (
    select
        products.source_durable_product_id as product,
        sum(case when lines.channel = 'store' then lines.return_quantity end) as store_units,
        sum(case when lines.channel = 'catalog' then lines.return_quantity end) as catalog_units,
        sum(case when lines.channel = 'web' then lines.return_quantity end) as web_units,
        count(distinct lines.channel) as channels
    from gold.fct_returns as lines
    inner join gold.dim_dates as dates on lines.returned_date_key = dates.date_key
    inner join gold.dim_products_history as products on lines.product_key = products.product_key
    where dates.source_month_sequence in (
        select source_month_sequence
        from gold.dim_dates
        where date_day in (date '2000-06-30', date '2000-09-27', date '2000-11-17')
    )
    group by products.source_durable_product_id
)

select
    product,
    store_units,
    store_units * 1.0000 / (store_units + catalog_units + web_units) / 3.0000 * 100,
    catalog_units,
    catalog_units * 1.0000 / (store_units + catalog_units + web_units) / 3.0000 * 100,
    web_units,
    web_units * 1.0000 / (store_units + catalog_units + web_units) / 3.0000 * 100,
    (store_units + catalog_units + web_units) / 3.0
from returned
where channels = 3
