-- Days between web sale and shipment by warehouse, ship mode and site.
select
    substring(warehouses.warehouse_name, 1, 20),
    shipping_methods.ship_mode_type,
    web_sites.web_site_name,
    sum(case when lines.ship_date - lines.sold_date <= 30 then 1 else 0 end),
    sum(case when lines.ship_date - lines.sold_date between 31 and 60 then 1 else 0 end),
    sum(case when lines.ship_date - lines.sold_date between 61 and 90 then 1 else 0 end),
    sum(case when lines.ship_date - lines.sold_date between 91 and 120 then 1 else 0 end),
    sum(case when lines.ship_date - lines.sold_date > 120 then 1 else 0 end)
from gold.fct_sales as lines
inner join gold.dim_dates as ship_dates on lines.ship_date_key = ship_dates.date_key
inner join gold.dim_warehouses as warehouses on lines.warehouse_key = warehouses.warehouse_key
inner join gold.dim_shipping_methods as shipping_methods on lines.shipping_method_key = shipping_methods.shipping_method_key
inner join gold.dim_web_sites as web_sites on lines.web_site_key = web_sites.web_site_key
where
    lines.channel = 'web'
    and ship_dates.source_month_sequence between 1200 and 1211
    and not warehouses.is_unknown
    and not shipping_methods.is_unknown
    and not web_sites.is_unknown
group by 1, 2, 3
