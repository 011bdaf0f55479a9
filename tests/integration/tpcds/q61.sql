-- Share of promoted sales in a month's store sales of jewellery, within one time zone.
with sales as (
    select
        sum(
            case when promotions.is_direct_mail or promotions.is_email or promotions.is_tv then lines.extended_sales_amount end
        ) as promoted,
        sum(lines.extended_sales_amount) as total
    from gold.fct_sales as lines
    inner join gold.dim_dates as dates on lines.sold_date_key = dates.date_key
    inner join gold.dim_stores_history as stores on lines.store_key = stores.store_key
    inner join gold.dim_promotions as promotions on lines.promotion_key = promotions.promotion_key
    inner join gold.dim_customers as customers on lines.customer_id = customers.customer_id
    inner join gold.dim_products_history as products on lines.product_key = products.product_key
    where
        lines.channel = 'store'
        and dates.year_number = 1998
        and dates.month_number = 11
        and customers.gmt_offset_hours = -5
        and stores.gmt_offset_hours = -5
        and products.category_name = 'Jewelry'
)

select
    promoted,
    total,
    cast(promoted as decimal(15, 4)) / cast(total as decimal(15, 4)) * 100
from sales
