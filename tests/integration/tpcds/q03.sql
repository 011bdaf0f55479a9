-- Store sales of a manufacturer's brands in Novembers.
select
    dates.year_number,
    products.source_brand_id,
    products.brand_name,
    sum(lines.extended_sales_amount)
from gold.fct_sales as lines
inner join gold.dim_dates as dates on lines.sold_date_key = dates.date_key
inner join gold.dim_products_history as products on lines.product_key = products.product_key
where lines.channel = 'store' and dates.month_number = 11 and products.source_manufacturer_id = 128
group by dates.year_number, products.source_brand_id, products.brand_name
