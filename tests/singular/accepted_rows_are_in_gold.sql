-- What the accounting calls accepted is in gold, row for row: the accounting finds what was passed over, the models find what counts,
-- each in its own way. Nothing is tolerated; of what was deleted gold keeps the last state, which is not counted here. Who acts: whoever
-- changed a key, an intermediate model or a fact. Income bands, days and seconds have no rows of their own in gold: they are attributes.
with accounted as (
    select
        source_name,
        feed_name,
        cast(sum(accepted_rows) as bigint) as accepted_rows
    from {{ ref('audit_row_accounting') }}
    group by source_name, feed_name
),

in_gold as (
    select
        'inventory' as source_name,
        'inventory' as feed_name,
        count(*) as gold_rows
    from {{ ref('fct_stock_counts') }}
    union all
    select
        'marketplace' as source_name,
        'transactions' as feed_name,
        count(*) as gold_rows
    from {{ ref('fct_sales') }}
    where source_name = 'marketplace'
    union all
    select
        'shop' as source_name,
        'orders' as feed_name,
        count(*) as gold_rows
    from {{ ref('fct_sales') }}
    where source_name = 'shop'
    union all
    select
        'ops' as source_name,
        'store_sales' as feed_name,
        count(*) as gold_rows
    from {{ ref('fct_sales') }}
    where source_name = 'ops' and channel = 'store'
    union all
    select
        'ops' as source_name,
        'catalog_sales' as feed_name,
        count(*) as gold_rows
    from {{ ref('fct_sales') }}
    where source_name = 'ops' and channel = 'catalog'
    union all
    select
        'ops' as source_name,
        'web_sales' as feed_name,
        count(*) as gold_rows
    from {{ ref('fct_sales') }}
    where source_name = 'ops' and channel = 'web'
    union all
    select
        'ops' as source_name,
        'store_returns' as feed_name,
        count(*) as gold_rows
    from {{ ref('fct_returns') }}
    where source_name = 'ops' and channel = 'store'
    union all
    select
        'ops' as source_name,
        'catalog_returns' as feed_name,
        count(*) as gold_rows
    from {{ ref('fct_returns') }}
    where source_name = 'ops' and channel = 'catalog'
    union all
    select
        'ops' as source_name,
        'web_returns' as feed_name,
        count(*) as gold_rows
    from {{ ref('fct_returns') }}
    where source_name = 'ops' and channel = 'web'
    union all
    select
        'ops' as source_name,
        'call_center' as feed_name,
        count(*) as gold_rows
    from {{ ref('dim_call_centers') }}
    where source_name = 'ops'
    union all
    select
        'ops' as source_name,
        'catalog_page' as feed_name,
        count(*) as gold_rows
    from {{ ref('dim_catalog_pages') }}
    where source_name = 'ops'
    union all
    select
        'ops' as source_name,
        'customer' as feed_name,
        count(*) as gold_rows
    from {{ ref('dim_customers') }}
    where source_name = 'ops' and not is_deleted
    union all
    select
        'ops' as source_name,
        'customer_address' as feed_name,
        count(*) as gold_rows
    from {{ ref('dim_addresses') }}
    where source_name = 'ops'
    union all
    select
        'ops' as source_name,
        'customer_demographics' as feed_name,
        count(*) as gold_rows
    from {{ ref('dim_customer_demographics') }}
    where source_name = 'ops'
    union all
    select
        'ops' as source_name,
        'household_demographics' as feed_name,
        count(*) as gold_rows
    from {{ ref('dim_household_demographics') }}
    where source_name = 'ops'
    union all
    select
        'ops' as source_name,
        'item' as feed_name,
        count(*) as gold_rows
    from {{ ref('dim_products_history') }}
    where source_name = 'ops'
    union all
    select
        'ops' as source_name,
        'promotion' as feed_name,
        count(*) as gold_rows
    from {{ ref('dim_promotions') }}
    where source_name = 'ops' and not is_deleted
    union all
    select
        'ops' as source_name,
        'reason' as feed_name,
        count(*) as gold_rows
    from {{ ref('dim_return_reasons') }}
    where source_name = 'ops'
    union all
    select
        'ops' as source_name,
        'ship_mode' as feed_name,
        count(*) as gold_rows
    from {{ ref('dim_shipping_methods') }}
    where source_name = 'ops'
    union all
    select
        'ops' as source_name,
        'store' as feed_name,
        count(*) as gold_rows
    from {{ ref('dim_stores_history') }}
    where source_name = 'ops' and not is_deleted
    union all
    select
        'ops' as source_name,
        'warehouse' as feed_name,
        count(*) as gold_rows
    from {{ ref('dim_warehouses') }}
    where source_name = 'ops' and not is_deleted
    union all
    select
        'ops' as source_name,
        'web_page' as feed_name,
        count(*) as gold_rows
    from {{ ref('dim_web_pages') }}
    where source_name = 'ops'
    union all
    select
        'ops' as source_name,
        'web_site' as feed_name,
        count(*) as gold_rows
    from {{ ref('dim_web_sites') }}
    where source_name = 'ops'
)

select
    in_gold.source_name,
    in_gold.feed_name,
    in_gold.gold_rows,
    coalesce(accounted.accepted_rows, 0) as accepted_rows
from in_gold
left join accounted
    on
        in_gold.source_name = accounted.source_name
        and in_gold.feed_name = accounted.feed_name
where in_gold.gold_rows != coalesce(accounted.accepted_rows, 0)
