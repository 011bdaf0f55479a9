-- Sales of a manager's brands at breakfast and dinner time, by minute, all channels.
select
    products.source_brand_id,
    products.brand_name,
    times.hour_number,
    times.minute_number,
    sum(lines.extended_sales_amount)
from gold.fct_sales as lines
inner join gold.dim_dates as dates on lines.sold_date_key = dates.date_key
inner join gold.dim_times as times on lines.sold_time_key = times.time_key
inner join gold.dim_products_history as products on lines.product_key = products.product_key
where
    lines.source_name = 'ops'
    and dates.year_number = 1999
    and dates.month_number = 11
    and products.source_manager_id = 1
    and times.meal_time in ('breakfast', 'dinner')
group by products.source_brand_id, products.brand_name, times.hour_number, times.minute_number
