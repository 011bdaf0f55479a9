-- Every returned line that landed is in the fact once, and every amount adds up to the cent: per channel, against bronze itself.
-- Nothing is tolerated. Who acts: whoever changed staging or the fact; else look for the rejected rows of the channel.

with store_latest as (
    select *
    from ({{ landed('ops', 'store_returns') }}) as landed_rows
    where
        sr_ticket_number is not null
        and sr_item_sk is not null
        and _file_name like '%/dt=____-__-__/%'
    qualify
        row_number() over (
            partition by sr_ticket_number, sr_item_sk
            order by _file_name desc nulls last, _file_row_number desc nulls last, _loaded_at desc nulls last
        ) = 1
),

catalog_latest as (
    select *
    from ({{ landed('ops', 'catalog_returns') }}) as landed_rows
    where
        cr_order_number is not null
        and cr_item_sk is not null
        and _file_name like '%/dt=____-__-__/%'
    qualify
        row_number() over (
            partition by cr_order_number, cr_item_sk
            order by _file_name desc nulls last, _file_row_number desc nulls last, _loaded_at desc nulls last
        ) = 1
),

web_latest as (
    select *
    from ({{ landed('ops', 'web_returns') }}) as landed_rows
    where
        wr_order_number is not null
        and wr_item_sk is not null
        and _file_name like '%/dt=____-__-__/%'
    qualify
        row_number() over (
            partition by wr_order_number, wr_item_sk
            order by _file_name desc nulls last, _file_row_number desc nulls last, _loaded_at desc nulls last
        ) = 1
),

bronze as (
    select
        'store' as channel,
        count(*) as line_count,
        sum(sr_return_quantity) as return_quantity,
        sum(sr_return_amt) as return_amount,
        sum(sr_return_tax) as return_tax_amount,
        sum(sr_return_amt_inc_tax) as return_amount_including_tax,
        sum(sr_fee) as fee_amount,
        sum(sr_return_ship_cost) as return_shipping_cost_amount,
        sum(sr_refunded_cash) as refunded_cash_amount,
        sum(sr_reversed_charge) as reversed_charge_amount,
        sum(sr_store_credit) as store_credit_amount,
        sum(sr_net_loss) as net_loss_amount
    from store_latest
    union all
    select
        'catalog' as channel,
        count(*) as line_count,
        sum(cr_return_quantity) as return_quantity,
        sum(cr_return_amount) as return_amount,
        sum(cr_return_tax) as return_tax_amount,
        sum(cr_return_amt_inc_tax) as return_amount_including_tax,
        sum(cr_fee) as fee_amount,
        sum(cr_return_ship_cost) as return_shipping_cost_amount,
        sum(cr_refunded_cash) as refunded_cash_amount,
        sum(cr_reversed_charge) as reversed_charge_amount,
        sum(cr_store_credit) as store_credit_amount,
        sum(cr_net_loss) as net_loss_amount
    from catalog_latest
    union all
    select
        'web' as channel,
        count(*) as line_count,
        sum(wr_return_quantity) as return_quantity,
        sum(wr_return_amt) as return_amount,
        sum(wr_return_tax) as return_tax_amount,
        sum(wr_return_amt_inc_tax) as return_amount_including_tax,
        sum(wr_fee) as fee_amount,
        sum(wr_return_ship_cost) as return_shipping_cost_amount,
        sum(wr_refunded_cash) as refunded_cash_amount,
        sum(wr_reversed_charge) as reversed_charge_amount,
        sum(wr_account_credit) as store_credit_amount,
        sum(wr_net_loss) as net_loss_amount
    from web_latest
),

gold as (
    select
        channel,
        count(*) as line_count,
        sum(return_quantity) as return_quantity,
        sum(return_amount) as return_amount,
        sum(return_tax_amount) as return_tax_amount,
        sum(return_amount_including_tax) as return_amount_including_tax,
        sum(fee_amount) as fee_amount,
        sum(return_shipping_cost_amount) as return_shipping_cost_amount,
        sum(refunded_cash_amount) as refunded_cash_amount,
        sum(reversed_charge_amount) as reversed_charge_amount,
        sum(store_credit_amount) as store_credit_amount,
        sum(net_loss_amount) as net_loss_amount
    from {{ ref('fct_returns') }}
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
