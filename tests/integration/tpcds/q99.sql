-- Days between catalog sale and shipment by warehouse, ship mode and call center.
select
    substring(warehouses.warehouse_name, 1, 20),
    shipping_methods.ship_mode_type,
    lower(call_centers.call_center_name),
    sum(case when lines.ship_date - lines.sold_date <= 30 then 1 else 0 end),
    sum(case when lines.ship_date - lines.sold_date between 31 and 60 then 1 else 0 end),
    sum(case when lines.ship_date - lines.sold_date between 61 and 90 then 1 else 0 end),
    sum(case when lines.ship_date - lines.sold_date between 91 and 120 then 1 else 0 end),
    sum(case when lines.ship_date - lines.sold_date > 120 then 1 else 0 end)
from gold.fct_sales as lines
inner join gold.dim_dates as ship_dates on lines.ship_date_key = ship_dates.date_key
inner join gold.dim_warehouses as warehouses on lines.warehouse_key = warehouses.warehouse_key
inner join gold.dim_shipping_methods as shipping_methods on lines.shipping_method_key = shipping_methods.shipping_method_key
inner join gold.dim_call_centers as call_centers on lines.call_center_key = call_centers.call_center_key
where
    lines.channel = 'catalog'
    and ship_dates.source_month_sequence between 1200 and 1211
    and not warehouses.is_unknown
    and not shipping_methods.is_unknown
    and not call_centers.is_unknown
group by 1, 2, 3
