-- The question of revenue_by_income_band asked of the tables as they landed: four tables deep, and outer joins, so that no line is lost.
with all_sales as (
    select
        'store' as channel,
        ss_sold_date_sk as sold_date_sk,
        ss_hdemo_sk as hdemo_sk,
        coalesce(ss_sales_price * ss_quantity, ss_ext_sales_price) as amount
    from {{ source('ops', 'store_sales') }}
    where coalesce(ss_quantity, 0) >= 0
    union all
    select
        'catalog' as channel,
        cs_sold_date_sk as sold_date_sk,
        cs_bill_hdemo_sk as hdemo_sk,
        coalesce(cs_sales_price * cs_quantity, cs_ext_sales_price) as amount
    from {{ source('ops', 'catalog_sales') }}
    where coalesce(cs_quantity, 0) >= 0
    union all
    select
        'web' as channel,
        ws_sold_date_sk as sold_date_sk,
        ws_bill_hdemo_sk as hdemo_sk,
        coalesce(ws_sales_price * ws_quantity, ws_ext_sales_price) as amount
    from {{ source('ops', 'web_sales') }}
    where coalesce(ws_quantity, 0) >= 0
),

by_band as (
    select
        income_band.ib_lower_bound,
        income_band.ib_upper_bound,
        sum(case when all_sales.channel = 'store' then all_sales.amount else 0 end) as store_amount,
        sum(case when all_sales.channel = 'catalog' then all_sales.amount else 0 end) as catalog_amount,
        sum(case when all_sales.channel = 'web' then all_sales.amount else 0 end) as web_amount,
        sum(all_sales.amount) as amount
    from all_sales
    inner join {{ source('ops', 'date_dim') }} as date_dim on all_sales.sold_date_sk = date_dim.d_date_sk
    left join {{ source('ops', 'household_demographics') }} as household on all_sales.hdemo_sk = household.hd_demo_sk
    left join {{ source('ops', 'income_band') }} as income_band on household.hd_income_band_sk = income_band.ib_income_band_sk
    where date_dim.d_year = 2002
    group by income_band.ib_lower_bound, income_band.ib_upper_bound
)

select
    ib_lower_bound,
    ib_upper_bound,
    store_amount,
    catalog_amount,
    web_amount,
    amount,
    cast(amount / sum(amount) over () as decimal(18, 4)) as share
from by_band
order by ib_lower_bound nulls last, ib_upper_bound nulls last
