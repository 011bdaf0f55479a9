-- Sales of a month in all channels to one time zone, by manufacturers that make electronics.
select
    products.source_manufacturer_id,
    sum(lines.extended_sales_amount)
from gold.fct_sales as lines
inner join gold.dim_dates as dates on lines.sold_date_key = dates.date_key
inner join gold.dim_addresses as addresses on lines.address_key = addresses.address_key
inner join gold.dim_products_history as products on lines.product_key = products.product_key
where
    lines.source_name = 'ops'
    and dates.year_number = 1998
    and dates.month_number = 5
    and addresses.gmt_offset_hours = -5
    and products.source_manufacturer_id in (
        select source_manufacturer_id from gold.dim_products_history where category_name = 'Electronics'
    )
group by products.source_manufacturer_id
