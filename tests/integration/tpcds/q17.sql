-- Quantities bought in a store, returned, and bought again from the catalog, by product and state. Quarters are the source's.
select
    products.source_durable_product_id,
    products.product_description,
    stores.state,
    count(lines.quantity),
    avg(lines.quantity),
    stddev_samp(lines.quantity),
    stddev_samp(lines.quantity) / avg(lines.quantity),
    count(return_lines.return_quantity),
    avg(return_lines.return_quantity),
    stddev_samp(return_lines.return_quantity),
    stddev_samp(return_lines.return_quantity) / avg(return_lines.return_quantity),
    count(catalog_lines.quantity),
    avg(catalog_lines.quantity),
    stddev_samp(catalog_lines.quantity),
    stddev_samp(catalog_lines.quantity) / avg(catalog_lines.quantity)
from gold.fct_sales as lines
inner join gold.fct_returns as return_lines
    on lines.sales_line_key = return_lines.sales_line_key and lines.customer_id = return_lines.returning_customer_id
inner join gold.fct_sales as catalog_lines
    on
        lines.customer_id = catalog_lines.customer_id
        and lines.product_key = catalog_lines.product_key
        and catalog_lines.channel = 'catalog'
inner join gold.dim_dates as sold_dates on lines.sold_date_key = sold_dates.date_key
inner join gold.dim_dates as returned_dates on return_lines.returned_date_key = returned_dates.date_key
inner join gold.dim_dates as catalog_dates on catalog_lines.sold_date_key = catalog_dates.date_key
inner join gold.dim_stores_history as stores on lines.store_key = stores.store_key
inner join gold.dim_products_history as products on lines.product_key = products.product_key
where
    lines.channel = 'store'
    and lines.customer_id != 'unknown'
    and not stores.is_unknown
    and sold_dates.source_quarter_name = '2001Q1'
    and returned_dates.source_quarter_name in ('2001Q1', '2001Q2', '2001Q3')
    and catalog_dates.source_quarter_name in ('2001Q1', '2001Q2', '2001Q3')
group by products.source_durable_product_id, products.product_description, stores.state
