-- Sales, returns and profit of a month by store, call center and web page. Every call center of a sale is paired with every one of a return
-- (the unknown one too), as in the original.
with sold as (
    select
        lines.channel,
        case lines.channel
            when 'store' then stores.source_store_id
            when 'catalog' then call_centers.source_call_center_id
            else web_pages.source_web_page_id
        end as outlet,
        sum(lines.extended_sales_amount) as sales,
        sum(lines.net_profit_amount) as profit
    from gold.fct_sales as lines
    inner join gold.dim_stores_history as stores on lines.store_key = stores.store_key
    inner join gold.dim_call_centers as call_centers on lines.call_center_key = call_centers.call_center_key
    inner join gold.dim_web_pages as web_pages on lines.web_page_key = web_pages.web_page_key
    where lines.source_name = 'ops' and lines.sold_date between date '2000-08-23' and date '2000-09-22'
    group by 1, 2
),

returned as (
    select
        lines.channel,
        case lines.channel
            when 'store' then stores.source_store_id
            when 'catalog' then call_centers.source_call_center_id
            else web_pages.source_web_page_id
        end as outlet,
        sum(lines.return_amount) as returned,
        sum(lines.net_loss_amount) as loss
    from gold.fct_returns as lines
    inner join gold.dim_stores_history as stores on lines.store_key = stores.store_key
    inner join gold.dim_call_centers as call_centers on lines.call_center_key = call_centers.call_center_key
    inner join gold.dim_web_pages as web_pages on lines.web_page_key = web_pages.web_page_key
    where lines.source_name = 'ops' and lines.returned_date between date '2000-08-23' and date '2000-09-22'
    group by 1, 2
),

outlets as (
    select
        sold.channel || ' channel' as channel,
        cast(sold.outlet as bigint) as outlet,
        sold.sales,
        coalesce(returned.returned, 0) as returned,
        sold.profit - coalesce(returned.loss, 0) as profit
    from sold
    left join returned on sold.channel = returned.channel and sold.outlet = returned.outlet
    where sold.channel != 'catalog' and sold.outlet is not null
    union all
    select
        'catalog channel',
        cast(sold.outlet as bigint),
        sold.sales,
        returned.returned,
        sold.profit - returned.loss
    from sold
    inner join returned on sold.channel = returned.channel
    where sold.channel = 'catalog'
)

select
    channel,
    outlet,
    sum(sales),
    sum(returned),
    sum(profit)
from outlets
group by rollup (channel, outlet)
