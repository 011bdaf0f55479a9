-- Sales, returns and profit of a month by outlet, for dear products and promotions without television.
with lines_with_returns as (
    select
        lines.channel || ' channel' as channel,
        case lines.channel
            when 'store' then 'store' || stores.store_code
            when 'catalog' then 'catalog_page' || catalog_pages.catalog_page_code
            else 'web_site' || web_sites.web_site_code
        end as outlet,
        lines.extended_sales_amount as sales,
        coalesce(return_lines.return_amount, 0) as returned,
        lines.net_profit_amount - coalesce(return_lines.net_loss_amount, 0) as profit
    from gold.fct_sales as lines
    left join gold.fct_returns as return_lines on lines.sales_line_key = return_lines.sales_line_key
    inner join gold.dim_stores_history as stores on lines.store_key = stores.store_key
    inner join gold.dim_catalog_pages as catalog_pages on lines.catalog_page_key = catalog_pages.catalog_page_key
    inner join gold.dim_web_sites as web_sites on lines.web_site_key = web_sites.web_site_key
    inner join gold.dim_products_history as products on lines.product_key = products.product_key
    inner join gold.dim_promotions as promotions on lines.promotion_key = promotions.promotion_key
    where
        lines.source_name = 'ops'
        and lines.sold_date between date '2000-08-23' and date '2000-09-22'
        and products.current_price > 50
        and not promotions.is_tv
)

select
    channel,
    outlet,
    sum(sales),
    sum(returned),
    sum(profit)
from lines_with_returns
where outlet is not null
group by rollup (channel, outlet)
