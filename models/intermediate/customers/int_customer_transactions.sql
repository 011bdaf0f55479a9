-- a table: both customer marts read it, and it is a fraction of the lines; incremental, by order: a night makes the orders of which a line
-- or a return changed
-- append, after a hook that deletes them
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=["{{ open_transaction() }}", "{{ begin_orders() }}"],
    post_hook="{{ take_changes(facts_of_orders()) }}"
) }}

-- depends_on: {{ ref('int_taken_files') }}, {{ ref('int_changed_rows') }}
{% set is_whole = is_made_whole(facts_of_orders()) %}

with lines as (
    select *
    from {{ ref('fct_sales') }}
    {% if not is_whole %}
    where (source_name, channel, order_id) in ({{ changed_orders() }})
    {% endif %}
),

returned_lines as (
    select *
    from {{ ref('fct_returns') }}
    {% if not is_whole %}
    where (source_name, channel, order_id) in ({{ changed_orders() }})
    {% endif %}
),

-- a line without a day was sold with the other lines of its order, whoever the source says bought those
order_days as (
    select
        source_name,
        channel,
        order_id,
        min(sold_date) as order_date
    from lines
    where not is_cancelled
    group by source_name, channel, order_id
),

customer_orders as (
    select
        source_name,
        customer_id,
        channel,
        order_id,
        sum(quantity) as quantity,
        sum(sales_amount) as sales_amount,
        sum(coupon_amount) as coupon_amount
    from lines
    where
        customer_id != 'unknown'
        and not is_cancelled
    group by source_name, customer_id, channel, order_id
),

orders as (
    select
        customer_orders.source_name,
        customer_orders.customer_id,
        customer_orders.channel,
        customer_orders.order_id,
        order_days.order_date,
        order_days.order_date as transaction_date,
        1 as order_count,
        customer_orders.quantity,
        customer_orders.sales_amount,
        customer_orders.coupon_amount,
        0 as return_quantity,
        0 as return_amount
    from customer_orders
    inner join order_days
        on
            customer_orders.source_name = order_days.source_name
            and customer_orders.channel = order_days.channel
            and customer_orders.order_id = order_days.order_id
),

cancelled_lines as (
    select sales_line_key
    from lines
    where is_cancelled
),

-- to who bought, not to who brought it back; never before the sale
customer_returns as (
    select
        returned_lines.source_name,
        returned_lines.buying_customer_id as customer_id,
        returned_lines.channel,
        returned_lines.order_id,
        order_days.order_date,
        case
            when returned_lines.returned_date >= order_days.order_date then returned_lines.returned_date
            else order_days.order_date
        end as transaction_date,
        returned_lines.return_quantity,
        returned_lines.return_amount
    from returned_lines
    inner join order_days
        on
            returned_lines.source_name = order_days.source_name
            and returned_lines.channel = order_days.channel
            and returned_lines.order_id = order_days.order_id
    left join cancelled_lines
        on returned_lines.sales_line_key = cancelled_lines.sales_line_key
    where
        returned_lines.buying_customer_id != 'unknown'
        and cancelled_lines.sales_line_key is null
),

returned_orders as (
    select
        source_name,
        customer_id,
        channel,
        order_id,
        order_date,
        transaction_date,
        0 as order_count,
        0 as quantity,
        0 as sales_amount,
        0 as coupon_amount,
        sum(return_quantity) as return_quantity,
        sum(return_amount) as return_amount
    from customer_returns
    group by source_name, customer_id, channel, order_id, order_date, transaction_date
),

transactions as (
    select * from orders
    union all
    select * from returned_orders
),

typed as (
    select
        source_name,
        customer_id,
        channel,
        order_id,
        order_date,
        transaction_date,
        cast(order_count as bigint) as order_count,
        cast(coalesce(quantity, 0) as bigint) as quantity,
        cast(coalesce(sales_amount, 0) as decimal(18, 2)) as sales_amount,
        cast(coalesce(coupon_amount, 0) as decimal(18, 2)) as coupon_amount,
        cast(coalesce(return_quantity, 0) as bigint) as return_quantity,
        cast(coalesce(return_amount, 0) as decimal(18, 2)) as return_amount
    from transactions
)

select * from typed
