-- Lines that lack their store, their web receiver or their catalog receiver's address: the unknown members. The quarter is the source's.
select
    lines.channel,
    case lines.channel when 'store' then 'ss_store_sk' when 'web' then 'ws_ship_customer_sk' else 'cs_ship_addr_sk' end,
    dates.year_number,
    dates.source_quarter_number,
    products.category_name,
    count(*),
    sum(lines.extended_sales_amount)
from gold.fct_sales as lines
inner join gold.dim_dates as dates on lines.sold_date_key = dates.date_key
inner join gold.dim_products_history as products on lines.product_key = products.product_key
where
    not dates.is_unknown
    and (
        (lines.channel = 'store' and lines.store_key = '-1')
        or (lines.channel = 'web' and lines.ship_customer_key = '-1')
        or (lines.channel = 'catalog' and lines.ship_address_key = '-1')
    )
group by 1, 2, 3, 4, 5
