-- The question of sales_by_hour_and_meal asked of the tables as they landed: each channel has its own table and its own column names.
with all_sales as (
    select
        'store' as channel,
        ss_sold_date_sk as sold_date_sk,
        ss_sold_time_sk as sold_time_sk,
        coalesce(ss_sales_price * ss_quantity, ss_ext_sales_price) as amount
    from {{ source('ops', 'store_sales') }}
    where coalesce(ss_quantity, 0) >= 0
    union all
    select
        'catalog' as channel,
        cs_sold_date_sk as sold_date_sk,
        cs_sold_time_sk as sold_time_sk,
        coalesce(cs_sales_price * cs_quantity, cs_ext_sales_price) as amount
    from {{ source('ops', 'catalog_sales') }}
    where coalesce(cs_quantity, 0) >= 0
    union all
    select
        'web' as channel,
        ws_sold_date_sk as sold_date_sk,
        ws_sold_time_sk as sold_time_sk,
        coalesce(ws_sales_price * ws_quantity, ws_ext_sales_price) as amount
    from {{ source('ops', 'web_sales') }}
    where coalesce(ws_quantity, 0) >= 0
),

by_hour as (
    select
        time_dim.t_hour,
        nullif(trim(time_dim.t_meal_time), '') as t_meal_time,
        sum(case when all_sales.channel = 'store' then all_sales.amount else 0 end) as store_amount,
        sum(case when all_sales.channel = 'catalog' then all_sales.amount else 0 end) as catalog_amount,
        sum(case when all_sales.channel = 'web' then all_sales.amount else 0 end) as web_amount,
        sum(all_sales.amount) as amount
    from all_sales
    inner join {{ source('ops', 'date_dim') }} as date_dim on all_sales.sold_date_sk = date_dim.d_date_sk
    inner join {{ source('ops', 'time_dim') }} as time_dim on all_sales.sold_time_sk = time_dim.t_time_sk
    where date_dim.d_year = 2002
    group by time_dim.t_hour, nullif(trim(time_dim.t_meal_time), '')
)

select
    t_hour,
    t_meal_time,
    store_amount,
    catalog_amount,
    web_amount,
    amount,
    cast(amount / sum(amount) over () as decimal(18, 4)) as share
from by_hour
order by t_hour, t_meal_time nulls last
