-- Products of some manufacturers in a price range that sell in stores and had 100 to 500 units in a warehouse.
select
    products.source_durable_product_id,
    products.product_description,
    products.current_price
from gold.fct_stock_counts as counts
inner join gold.dim_products_history as products on counts.product_key = products.product_key
where
    products.current_price between 62 and 92
    and products.source_manufacturer_id between 100 and 900
    and counts.count_date between date '2000-05-25' and date '2000-07-24'
    and counts.on_hand_quantity between 100 and 500
    and counts.product_key in (select product_key from gold.fct_sales where channel = 'store')
group by products.source_durable_product_id, products.product_description, products.current_price
