-- The question of promotions_that_paid asked of the tables as they landed: three tables, each with names of its own.
with all_sales as (
    select
        ss_promo_sk as promo_sk,
        ss_net_profit as net_profit,
        coalesce(ss_sales_price * ss_quantity, ss_ext_sales_price) as amount
    from {{ source('ops', 'store_sales') }}
    where coalesce(ss_quantity, 0) >= 0
    union all
    select
        cs_promo_sk as promo_sk,
        cs_net_profit as net_profit,
        coalesce(cs_sales_price * cs_quantity, cs_ext_sales_price) as amount
    from {{ source('ops', 'catalog_sales') }}
    where coalesce(cs_quantity, 0) >= 0
    union all
    select
        ws_promo_sk as promo_sk,
        ws_net_profit as net_profit,
        coalesce(ws_sales_price * ws_quantity, ws_ext_sales_price) as amount
    from {{ source('ops', 'web_sales') }}
    where coalesce(ws_quantity, 0) >= 0
),

known as (
    select * from all_sales
    where amount is not null and net_profit is not null
),

shop as (
    select sum(net_profit) / sum(amount) as margin
    from known
),

promoted as (
    select
        'ops:' || cast(promotion.p_promo_sk as varchar) as promotion_id,
        nullif(trim(promotion.p_promo_name), '') as promo_name,
        promotion.p_cost,
        count(*) as line_count,
        sum(known.amount) as amount,
        sum(known.net_profit) as net_profit
    from known
    inner join {{ source('ops', 'promotion') }} as promotion on known.promo_sk = promotion.p_promo_sk
    group by promotion.p_promo_sk, promotion.p_promo_name, promotion.p_cost
)

select
    promoted.promotion_id,
    promoted.promo_name,
    promoted.line_count,
    promoted.amount,
    promoted.net_profit,
    cast(promoted.net_profit / promoted.amount as decimal(18, 4)) as margin,
    cast(shop.margin as decimal(18, 4)) as shop_margin,
    promoted.p_cost,
    cast(promoted.net_profit - promoted.amount * shop.margin - promoted.p_cost as decimal(18, 2)) as gain,
    cast(promoted.net_profit - promoted.amount * shop.margin - promoted.p_cost as decimal(18, 2)) > 0 as has_paid
from promoted
cross join shop
order by gain desc nulls last, promoted.promotion_id asc
