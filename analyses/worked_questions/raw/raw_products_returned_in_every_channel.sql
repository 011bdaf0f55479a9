-- The question of products_returned_in_every_channel asked of the tables as they landed: six fact tables, and versions of an item brought
-- together by i_item_id.
with returned as (
    select
        item.i_item_id,
        sum(case when returns.channel = 'store' then returns.quantity end) as store_quantity,
        sum(case when returns.channel = 'catalog' then returns.quantity end) as catalog_quantity,
        sum(case when returns.channel = 'web' then returns.quantity end) as web_quantity,
        sum(returns.quantity) as quantity,
        sum(returns.net_loss) as net_loss
    from (
        select
            'store' as channel,
            sr_returned_date_sk as date_sk,
            sr_item_sk as item_sk,
            sr_return_quantity as quantity,
            sr_net_loss as net_loss
        from {{ source('ops', 'store_returns') }}
        union all
        select
            'catalog' as channel,
            cr_returned_date_sk as date_sk,
            cr_item_sk as item_sk,
            cr_return_quantity as quantity,
            cr_net_loss as net_loss
        from {{ source('ops', 'catalog_returns') }}
        union all
        select
            'web' as channel,
            wr_returned_date_sk as date_sk,
            wr_item_sk as item_sk,
            wr_return_quantity as quantity,
            wr_net_loss as net_loss
        from {{ source('ops', 'web_returns') }}
    ) as returns
    inner join {{ source('ops', 'date_dim') }} as date_dim on returns.date_sk = date_dim.d_date_sk
    inner join {{ source('ops', 'item') }} as item on returns.item_sk = item.i_item_sk
    where date_dim.d_year = 2002
    group by item.i_item_id
),

sold as (
    select
        item.i_item_id,
        sum(sales.quantity) as quantity
    from (
        select
            ss_sold_date_sk as date_sk,
            ss_item_sk as item_sk,
            ss_quantity as quantity
        from {{ source('ops', 'store_sales') }}
        union all
        select
            cs_sold_date_sk as date_sk,
            cs_item_sk as item_sk,
            cs_quantity as quantity
        from {{ source('ops', 'catalog_sales') }}
        union all
        select
            ws_sold_date_sk as date_sk,
            ws_item_sk as item_sk,
            ws_quantity as quantity
        from {{ source('ops', 'web_sales') }}
    ) as sales
    inner join {{ source('ops', 'date_dim') }} as date_dim on sales.date_sk = date_dim.d_date_sk
    inner join {{ source('ops', 'item') }} as item on sales.item_sk = item.i_item_sk
    where date_dim.d_year = 2002 and coalesce(sales.quantity, 0) >= 0
    group by item.i_item_id
),

newest_item as (
    select
        i_item_id,
        nullif(trim(i_product_name), '') as product_name,
        nullif(trim(i_category), '') as category
    from {{ source('ops', 'item') }}
    qualify row_number() over (partition by i_item_id order by i_item_sk desc) = 1
),

ranked as (
    select
        'ops:' || trim(returned.i_item_id) as product_id,
        newest_item.product_name,
        newest_item.category,
        returned.store_quantity,
        returned.catalog_quantity,
        returned.web_quantity,
        returned.quantity,
        sold.quantity as sold_quantity,
        cast(round(returned.quantity / nullif(sold.quantity, 0), 4) as decimal(18, 4)) as returned_share,
        returned.net_loss,
        row_number() over (order by returned.quantity desc nulls last, returned.i_item_id asc) as place
    from returned
    inner join newest_item on returned.i_item_id = newest_item.i_item_id
    left join sold on returned.i_item_id = sold.i_item_id
    where returned.store_quantity > 0 and returned.catalog_quantity > 0 and returned.web_quantity > 0
)

select * from ranked
where place <= 20
order by place
