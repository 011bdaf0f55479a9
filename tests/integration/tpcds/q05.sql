-- Sales, returns and profit by outlet (store, catalog page, web site) in a fortnight. A web return counts for the site of its sale.
with movements as (
    select
        lines.channel,
        lines.sold_date as date_day,
        lines.store_key,
        lines.catalog_page_key,
        lines.web_site_key,
        lines.extended_sales_amount as sales,
        lines.net_profit_amount as profit,
        0 as returned,
        0 as loss
    from gold.fct_sales as lines
    where lines.source_name = 'ops'
    union all
    select
        lines.channel,
        lines.returned_date,
        lines.store_key,
        lines.catalog_page_key,
        sold_lines.web_site_key,
        0,
        0,
        lines.return_amount,
        lines.net_loss_amount
    from gold.fct_returns as lines
    left join gold.fct_sales as sold_lines on lines.sales_line_key = sold_lines.sales_line_key
    where lines.source_name = 'ops'
),

outlets as (
    select
        movements.*,
        case movements.channel
            when 'store' then 'store' || stores.store_code
            when 'catalog' then 'catalog_page' || catalog_pages.catalog_page_code
            else 'web_site' || web_sites.web_site_code
        end as outlet
    from movements
    left join gold.dim_stores_history as stores on movements.store_key = stores.store_key
    left join gold.dim_catalog_pages as catalog_pages on movements.catalog_page_key = catalog_pages.catalog_page_key
    left join gold.dim_web_sites as web_sites on movements.web_site_key = web_sites.web_site_key
    where movements.date_day between date '2000-08-23' and date '2000-09-06'
),

by_outlet as (
    select
        channel || ' channel' as channel,
        outlet,
        sum(sales) as sales,
        sum(returned) as returned,
        sum(profit) - sum(loss) as profit
    from outlets
    where outlet is not null
    group by channel, outlet
)

select
    channel,
    outlet,
    sum(sales),
    sum(returned),
    sum(profit)
from by_outlet
group by rollup (channel, outlet)
