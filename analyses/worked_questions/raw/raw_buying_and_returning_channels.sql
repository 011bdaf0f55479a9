-- The question of buying_and_returning_channels asked of the tables as they landed: six fact tables with six names for the customer.
with purchases as (
    select
        'store' as channel,
        store_sales.ss_customer_sk as customer_sk
    from {{ source('ops', 'store_sales') }} as store_sales
    inner join {{ source('ops', 'date_dim') }} as date_dim on store_sales.ss_sold_date_sk = date_dim.d_date_sk
    where date_dim.d_year = 2002 and coalesce(store_sales.ss_quantity, 0) >= 0
    union all
    select
        'catalog' as channel,
        catalog_sales.cs_bill_customer_sk as customer_sk
    from {{ source('ops', 'catalog_sales') }} as catalog_sales
    inner join {{ source('ops', 'date_dim') }} as date_dim on catalog_sales.cs_sold_date_sk = date_dim.d_date_sk
    where date_dim.d_year = 2002 and coalesce(catalog_sales.cs_quantity, 0) >= 0
    union all
    select
        'web' as channel,
        web_sales.ws_bill_customer_sk as customer_sk
    from {{ source('ops', 'web_sales') }} as web_sales
    inner join {{ source('ops', 'date_dim') }} as date_dim on web_sales.ws_sold_date_sk = date_dim.d_date_sk
    where date_dim.d_year = 2002 and coalesce(web_sales.ws_quantity, 0) >= 0
),

returners as (
    select
        'store' as channel,
        store_returns.sr_customer_sk as customer_sk,
        sum(store_returns.sr_return_amt) as amount
    from {{ source('ops', 'store_returns') }} as store_returns
    inner join {{ source('ops', 'date_dim') }} as date_dim on store_returns.sr_returned_date_sk = date_dim.d_date_sk
    where date_dim.d_year = 2002
    group by store_returns.sr_customer_sk
    union all
    select
        'catalog' as channel,
        catalog_returns.cr_returning_customer_sk as customer_sk,
        sum(catalog_returns.cr_return_amount) as amount
    from {{ source('ops', 'catalog_returns') }} as catalog_returns
    inner join {{ source('ops', 'date_dim') }} as date_dim on catalog_returns.cr_returned_date_sk = date_dim.d_date_sk
    where date_dim.d_year = 2002
    group by catalog_returns.cr_returning_customer_sk
    union all
    select
        'web' as channel,
        web_returns.wr_returning_customer_sk as customer_sk,
        sum(web_returns.wr_return_amt) as amount
    from {{ source('ops', 'web_returns') }} as web_returns
    inner join {{ source('ops', 'date_dim') }} as date_dim on web_returns.wr_returned_date_sk = date_dim.d_date_sk
    where date_dim.d_year = 2002
    group by web_returns.wr_returning_customer_sk
),

buyers as (
    select distinct
        purchases.channel,
        purchases.customer_sk
    from purchases
    inner join {{ source('ops', 'customer') }} as customer on purchases.customer_sk = customer.c_customer_sk
),

buyers_of_channel as (
    select
        channel,
        count(*) as buyer_count
    from buyers
    group by channel
)

select
    buyers.channel as buying_channel,
    returners.channel as returning_channel,
    buyers_of_channel.buyer_count,
    count(*) as returning_count,
    cast(round(count(*) / buyers_of_channel.buyer_count, 4) as decimal(18, 4)) as returning_share,
    sum(returners.amount) as amount
from buyers
inner join returners on buyers.customer_sk = returners.customer_sk
inner join buyers_of_channel on buyers.channel = buyers_of_channel.channel
group by buyers.channel, returners.channel, buyers_of_channel.buyer_count
order by buying_channel, returning_channel
