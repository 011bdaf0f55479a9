-- Average stock of a year by product, brand, class and category, with every subtotal.
select
    products.product_name,
    products.brand_name,
    products.class_name,
    products.category_name,
    avg(counts.on_hand_quantity)
from gold.fct_stock_counts as counts
inner join gold.dim_dates as dates on counts.count_date_key = dates.date_key
inner join gold.dim_products_history as products on counts.product_key = products.product_key
where dates.source_month_sequence between 1200 and 1211
group by rollup (products.product_name, products.brand_name, products.class_name, products.category_name)
