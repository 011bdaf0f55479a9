-- Products whose stock varied strongly in two months that follow each other.
with monthly as (
    select
        counts.warehouse_key,
        counts.product_key,
        dates.month_number,
        stddev_samp(counts.on_hand_quantity) * 1.000 as deviation,
        avg(counts.on_hand_quantity) as mean
    from gold.fct_stock_counts as counts
    inner join gold.dim_dates as dates on counts.count_date_key = dates.date_key
    where dates.year_number = 2001
    group by counts.warehouse_key, counts.product_key, dates.month_number
),

varying as (
    select
        monthly.*,
        cast(warehouses.source_warehouse_id as bigint) as warehouse,
        cast(products.source_product_id as bigint) as product,
        monthly.deviation / monthly.mean as variation
    from monthly
    inner join gold.dim_warehouses as warehouses on monthly.warehouse_key = warehouses.warehouse_key
    inner join gold.dim_products_history as products on monthly.product_key = products.product_key
    where monthly.mean != 0 and monthly.deviation / monthly.mean > 1
)

select
    first_month.warehouse,
    first_month.product,
    first_month.month_number,
    first_month.mean,
    first_month.variation,
    second_month.warehouse,
    second_month.product,
    second_month.month_number,
    second_month.mean,
    second_month.variation
from varying as first_month
inner join varying as second_month
    on first_month.warehouse_key = second_month.warehouse_key and first_month.product_key = second_month.product_key
where first_month.month_number = 1 and second_month.month_number = 2
