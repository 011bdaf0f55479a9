-- Web and catalog sales and payments by warehouse and month, for two carriers and sales from 8:33:58 to 16:33:58.
-- As in the original, web sales multiply the extended price by the quantity again, and the net of the catalog includes tax.
with monthly as (
    select
        warehouses.warehouse_name,
        warehouses.warehouse_square_feet,
        warehouses.city,
        warehouses.county,
        warehouses.state,
        warehouses.country,
        dates.year_number,
        dates.month_number,
        lines.channel,
        lines.quantity
        * case when lines.channel = 'web' then lines.extended_sales_amount else lines.unit_sales_price end as sales,
        lines.quantity
        * case when lines.channel = 'web' then lines.net_paid_amount else lines.net_paid_including_tax_amount end as net
    from gold.fct_sales as lines
    inner join gold.dim_dates as dates on lines.sold_date_key = dates.date_key
    inner join gold.dim_times as times on lines.sold_time_key = times.time_key
    inner join gold.dim_warehouses as warehouses on lines.warehouse_key = warehouses.warehouse_key
    inner join gold.dim_shipping_methods as shipping_methods on lines.shipping_method_key = shipping_methods.shipping_method_key
    where
        lines.channel in ('web', 'catalog')
        and dates.year_number = 2001
        and times.time_key between 30838 and 59638
        and shipping_methods.carrier_name in ('DHL', 'BARIAN')
        and not warehouses.is_unknown
)

select
    warehouse_name,
    warehouse_square_feet,
    city,
    county,
    state,
    country,
    'DHL,BARIAN',
    year_number,
    sum(case when month_number = 1 then sales else 0 end),
    sum(case when month_number = 2 then sales else 0 end),
    sum(case when month_number = 3 then sales else 0 end),
    sum(case when month_number = 4 then sales else 0 end),
    sum(case when month_number = 5 then sales else 0 end),
    sum(case when month_number = 6 then sales else 0 end),
    sum(case when month_number = 7 then sales else 0 end),
    sum(case when month_number = 8 then sales else 0 end),
    sum(case when month_number = 9 then sales else 0 end),
    sum(case when month_number = 10 then sales else 0 end),
    sum(case when month_number = 11 then sales else 0 end),
    sum(case when month_number = 12 then sales else 0 end),
    sum(case when month_number = 1 then sales else 0 end) / warehouse_square_feet,
    sum(case when month_number = 2 then sales else 0 end) / warehouse_square_feet,
    sum(case when month_number = 3 then sales else 0 end) / warehouse_square_feet,
    sum(case when month_number = 4 then sales else 0 end) / warehouse_square_feet,
    sum(case when month_number = 5 then sales else 0 end) / warehouse_square_feet,
    sum(case when month_number = 6 then sales else 0 end) / warehouse_square_feet,
    sum(case when month_number = 7 then sales else 0 end) / warehouse_square_feet,
    sum(case when month_number = 8 then sales else 0 end) / warehouse_square_feet,
    sum(case when month_number = 9 then sales else 0 end) / warehouse_square_feet,
    sum(case when month_number = 10 then sales else 0 end) / warehouse_square_feet,
    sum(case when month_number = 11 then sales else 0 end) / warehouse_square_feet,
    sum(case when month_number = 12 then sales else 0 end) / warehouse_square_feet,
    sum(case when month_number = 1 then net else 0 end),
    sum(case when month_number = 2 then net else 0 end),
    sum(case when month_number = 3 then net else 0 end),
    sum(case when month_number = 4 then net else 0 end),
    sum(case when month_number = 5 then net else 0 end),
    sum(case when month_number = 6 then net else 0 end),
    sum(case when month_number = 7 then net else 0 end),
    sum(case when month_number = 8 then net else 0 end),
    sum(case when month_number = 9 then net else 0 end),
    sum(case when month_number = 10 then net else 0 end),
    sum(case when month_number = 11 then net else 0 end),
    sum(case when month_number = 12 then net else 0 end)
from monthly
group by warehouse_name, warehouse_square_feet, city, county, state, country, year_number
