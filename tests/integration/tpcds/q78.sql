-- Products a customer bought and kept in a year: in the store against on the web or from the catalog.
with kept as (
    select
        dates.year_number,
        lines.product_key,
        lines.customer_id,
        sum(case when lines.channel = 'store' then lines.quantity end) as store_units,
        sum(case when lines.channel = 'store' then lines.unit_wholesale_cost end) as store_cost,
        sum(case when lines.channel = 'store' then lines.unit_sales_price end) as store_price,
        sum(case when lines.channel = 'web' then lines.quantity end) as web_units,
        sum(case when lines.channel = 'catalog' then lines.quantity end) as catalog_units,
        sum(case when lines.channel != 'store' then lines.quantity end) as other_units,
        sum(case when lines.channel != 'store' then lines.unit_wholesale_cost end) as other_cost,
        sum(case when lines.channel != 'store' then lines.unit_sales_price end) as other_price,
        max(case when lines.channel = 'store' then 1 end) as has_store_sales
    from gold.fct_sales as lines
    left join gold.fct_returns as return_lines on lines.sales_line_key = return_lines.sales_line_key
    inner join gold.dim_dates as dates on lines.sold_date_key = dates.date_key
    where
        lines.source_name = 'ops'
        and return_lines.sales_line_key is null
        and dates.year_number = 2000
        and lines.customer_id != 'unknown'
    group by dates.year_number, lines.product_key, lines.customer_id
)

select
    kept.year_number,
    cast(products.source_product_id as bigint),
    cast(customers.source_customer_id as bigint),
    round(kept.store_units * 1.00 / coalesce(kept.other_units, 0), 2),
    kept.store_units,
    kept.store_cost,
    kept.store_price,
    coalesce(kept.other_units, 0),
    coalesce(kept.other_cost, 0),
    coalesce(kept.other_price, 0)
from kept
inner join gold.dim_products_history as products on kept.product_key = products.product_key
inner join gold.dim_customers as customers on kept.customer_id = customers.customer_id
where kept.has_store_sales = 1 and (coalesce(kept.web_units, 0) > 0 or coalesce(kept.catalog_units, 0) > 0)
