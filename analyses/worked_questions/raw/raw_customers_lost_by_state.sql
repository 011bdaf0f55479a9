-- The question of customers_lost_by_state asked of the tables as they landed.
with all_sales as (
    select
        ss_sold_date_sk as sold_date_sk,
        ss_customer_sk as customer_sk,
        coalesce(ss_sales_price * ss_quantity, ss_ext_sales_price) as amount
    from {{ source('ops', 'store_sales') }}
    where coalesce(ss_quantity, 0) >= 0
    union all
    select
        cs_sold_date_sk as sold_date_sk,
        cs_bill_customer_sk as customer_sk,
        coalesce(cs_sales_price * cs_quantity, cs_ext_sales_price) as amount
    from {{ source('ops', 'catalog_sales') }}
    where coalesce(cs_quantity, 0) >= 0
    union all
    select
        ws_sold_date_sk as sold_date_sk,
        ws_bill_customer_sk as customer_sk,
        coalesce(ws_sales_price * ws_quantity, ws_ext_sales_price) as amount
    from {{ source('ops', 'web_sales') }}
    where coalesce(ws_quantity, 0) >= 0
),

bought_2001 as (
    select
        all_sales.customer_sk,
        sum(all_sales.amount) as amount
    from all_sales
    inner join {{ source('ops', 'date_dim') }} as date_dim on all_sales.sold_date_sk = date_dim.d_date_sk
    where date_dim.d_year = 2001
    group by all_sales.customer_sk
),

bought_2002 as (
    select distinct all_sales.customer_sk
    from all_sales
    inner join {{ source('ops', 'date_dim') }} as date_dim on all_sales.sold_date_sk = date_dim.d_date_sk
    where date_dim.d_year = 2002
)

select
    nullif(trim(customer_address.ca_state), '') as customer_state,
    count(*) as customer_count,
    count(case when bought_2002.customer_sk is null then 1 end) as lost_count,
    cast(round(count(case when bought_2002.customer_sk is null then 1 end) / count(*), 4) as decimal(18, 4)) as lost_share,
    coalesce(sum(case when bought_2002.customer_sk is null then bought_2001.amount end), 0) as lost_amount
from bought_2001
inner join {{ source('ops', 'customer') }} as customer on bought_2001.customer_sk = customer.c_customer_sk
left join {{ source('ops', 'customer_address') }} as customer_address on customer.c_current_addr_sk = customer_address.ca_address_sk
left join bought_2002 on bought_2001.customer_sk = bought_2002.customer_sk
group by nullif(trim(customer_address.ca_state), '')
order by lost_count desc, lost_amount desc, customer_state asc nulls last
