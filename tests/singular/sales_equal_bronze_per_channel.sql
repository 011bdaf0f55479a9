-- Every line that landed is in the fact once, and every amount adds up to the cent: per channel, against bronze itself, with the
-- latest row of each key found in another way than the models do. A row dated outside the calendar is rejected and would show here.
-- Nothing is tolerated. Who acts: whoever changed staging or the fact; else look for the rejected rows of the channel.
with store_latest as (
    select *
    from ({{ landed('ops', 'store_sales') }}) as landed_rows
    where
        ss_ticket_number is not null
        and ss_item_sk is not null
        and _file_name like '%/dt=____-__-__/%'
    qualify
        row_number() over (
            partition by ss_ticket_number, ss_item_sk
            order by _file_name desc nulls last, _file_row_number desc nulls last, _loaded_at desc nulls last
        ) = 1
),

catalog_latest as (
    select *
    from ({{ landed('ops', 'catalog_sales') }}) as landed_rows
    where
        cs_order_number is not null
        and cs_item_sk is not null
        and _file_name like '%/dt=____-__-__/%'
    qualify
        row_number() over (
            partition by cs_order_number, cs_item_sk
            order by _file_name desc nulls last, _file_row_number desc nulls last, _loaded_at desc nulls last
        ) = 1
),

web_latest as (
    select *
    from ({{ landed('ops', 'web_sales') }}) as landed_rows
    where
        ws_order_number is not null
        and ws_item_sk is not null
        and _file_name like '%/dt=____-__-__/%'
    qualify
        row_number() over (
            partition by ws_order_number, ws_item_sk
            order by _file_name desc nulls last, _file_row_number desc nulls last, _loaded_at desc nulls last
        ) = 1
),

bronze as (
    select
        'store' as channel,
        count(*) as line_count,
        sum(ss_quantity) as quantity,
        sum(ss_wholesale_cost) as unit_wholesale_cost,
        sum(ss_list_price) as unit_list_price,
        sum(ss_sales_price) as unit_sales_price,
        sum(ss_ext_discount_amt) as extended_discount_amount,
        sum(ss_ext_sales_price) as extended_sales_amount,
        sum(ss_ext_wholesale_cost) as extended_wholesale_cost_amount,
        sum(ss_ext_list_price) as extended_list_amount,
        sum(ss_ext_tax) as tax_amount,
        sum(ss_coupon_amt) as coupon_amount,
        cast(null as decimal(18, 2)) as shipping_cost_amount,
        sum(ss_net_paid) as net_paid_amount,
        sum(ss_net_paid_inc_tax) as net_paid_including_tax_amount,
        cast(null as decimal(18, 2)) as net_paid_including_shipping_amount,
        cast(null as decimal(18, 2)) as net_paid_including_shipping_and_tax_amount,
        sum(ss_net_profit) as net_profit_amount
    from store_latest
    union all
    select
        'catalog' as channel,
        count(*) as line_count,
        sum(cs_quantity) as quantity,
        sum(cs_wholesale_cost) as unit_wholesale_cost,
        sum(cs_list_price) as unit_list_price,
        sum(cs_sales_price) as unit_sales_price,
        sum(cs_ext_discount_amt) as extended_discount_amount,
        sum(cs_ext_sales_price) as extended_sales_amount,
        sum(cs_ext_wholesale_cost) as extended_wholesale_cost_amount,
        sum(cs_ext_list_price) as extended_list_amount,
        sum(cs_ext_tax) as tax_amount,
        sum(cs_coupon_amt) as coupon_amount,
        sum(cs_ext_ship_cost) as shipping_cost_amount,
        sum(cs_net_paid) as net_paid_amount,
        sum(cs_net_paid_inc_tax) as net_paid_including_tax_amount,
        sum(cs_net_paid_inc_ship) as net_paid_including_shipping_amount,
        sum(cs_net_paid_inc_ship_tax) as net_paid_including_shipping_and_tax_amount,
        sum(cs_net_profit) as net_profit_amount
    from catalog_latest
    union all
    select
        'web' as channel,
        count(*) as line_count,
        sum(ws_quantity) as quantity,
        sum(ws_wholesale_cost) as unit_wholesale_cost,
        sum(ws_list_price) as unit_list_price,
        sum(ws_sales_price) as unit_sales_price,
        sum(ws_ext_discount_amt) as extended_discount_amount,
        sum(ws_ext_sales_price) as extended_sales_amount,
        sum(ws_ext_wholesale_cost) as extended_wholesale_cost_amount,
        sum(ws_ext_list_price) as extended_list_amount,
        sum(ws_ext_tax) as tax_amount,
        sum(ws_coupon_amt) as coupon_amount,
        sum(ws_ext_ship_cost) as shipping_cost_amount,
        sum(ws_net_paid) as net_paid_amount,
        sum(ws_net_paid_inc_tax) as net_paid_including_tax_amount,
        sum(ws_net_paid_inc_ship) as net_paid_including_shipping_amount,
        sum(ws_net_paid_inc_ship_tax) as net_paid_including_shipping_and_tax_amount,
        sum(ws_net_profit) as net_profit_amount
    from web_latest
),

gold as (
    select
        channel,
        count(*) as line_count,
        sum(quantity) as quantity,
        sum(unit_wholesale_cost) as unit_wholesale_cost,
        sum(unit_list_price) as unit_list_price,
        sum(unit_sales_price) as unit_sales_price,
        sum(extended_discount_amount) as extended_discount_amount,
        sum(extended_sales_amount) as extended_sales_amount,
        sum(extended_wholesale_cost_amount) as extended_wholesale_cost_amount,
        sum(extended_list_amount) as extended_list_amount,
        sum(tax_amount) as tax_amount,
        sum(coupon_amount) as coupon_amount,
        sum(shipping_cost_amount) as shipping_cost_amount,
        sum(net_paid_amount) as net_paid_amount,
        sum(net_paid_including_tax_amount) as net_paid_including_tax_amount,
        sum(net_paid_including_shipping_amount) as net_paid_including_shipping_amount,
        sum(net_paid_including_shipping_and_tax_amount) as net_paid_including_shipping_and_tax_amount,
        sum(net_profit_amount) as net_profit_amount
    from {{ ref('fct_sales') }}
    where source_name = 'ops'
    group by channel
),

bronze_with_lines as (
    select *
    from bronze
    where line_count > 0
),

differences as (
    select
        'bronze' as only_in,
        missing.*
    from (
        select * from bronze_with_lines
        except
        select * from gold
    ) as missing
    union all
    select
        'gold' as only_in,
        added.*
    from (
        select * from gold
        except
        select * from bronze_with_lines
    ) as added
)

select * from differences
