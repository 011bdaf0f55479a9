-- Averages of store lines by product for one demographic group and promotions without e-mail or event.
select
    products.source_durable_product_id,
    avg(lines.quantity),
    avg(lines.unit_list_price),
    avg(lines.coupon_amount),
    avg(lines.unit_sales_price)
from gold.fct_sales as lines
inner join gold.dim_dates as dates on lines.sold_date_key = dates.date_key
inner join gold.dim_products_history as products on lines.product_key = products.product_key
inner join gold.dim_customer_demographics as demographics on lines.customer_demographics_key = demographics.customer_demographics_key
inner join gold.dim_promotions as promotions on lines.promotion_key = promotions.promotion_key
where
    lines.channel = 'store'
    and dates.year_number = 2000
    and demographics.gender = 'M'
    and demographics.marital_status = 'S'
    and demographics.education_status = 'College'
    and (not promotions.is_email or not promotions.is_event)
group by products.source_durable_product_id
