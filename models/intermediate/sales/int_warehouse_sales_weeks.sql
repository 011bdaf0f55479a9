-- incremental, by week: a night makes the weeks in which a line changed. What it counts once (orders, customers) cannot be added up from
-- parts
-- append, after a hook that deletes them
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=["{{ open_transaction() }}", "{{ begin_sales_weeks() }}"],
    post_hook="{{ take_changes(['fct_sales']) }}"
) }}

-- depends_on: {{ ref('int_taken_files') }}, {{ ref('int_changed_rows') }}
{% set is_whole = is_made_whole(['fct_sales']) %}

with dates as (
    select * from {{ ref('dim_dates') }}
),

channels as (
    select * from {{ ref('dim_channels') }}
),

-- the unknown day is a week of its own, with the key -1
days as (
    select
        date_key,
        {{ date_key('week_start_date') }} as week_start_date_key
    from dates
),

lines as (
    select *
    from {{ ref('fct_sales') }}
    {% if not is_whole %}
    where
        sold_date_key in (
            select days.date_key
            from days
            where days.week_start_date_key in ({{ changed_sales_weeks() }})
        )
    {% endif %}
),

sales_by_week as (
    select
        lines.warehouse_id,
        days.week_start_date_key,
        count(case when not lines.is_cancelled then 1 end) as sold_lines,
        coalesce(sum(case when not lines.is_cancelled then lines.quantity end), 0) as quantity,
        coalesce(sum(case when not lines.is_cancelled then lines.sales_amount end), 0) as sales_amount,
        coalesce(sum(case when not lines.is_cancelled then lines.coupon_amount end), 0) as coupon_amount,
        sum(case when not lines.is_cancelled then lines.net_profit_amount end) as profit_amount,
        count(distinct case when not lines.is_cancelled then lines.source_name || ' ' || lines.channel || ' ' || lines.order_id end)
            as distinct_orders,
        count(
            distinct case when not lines.is_cancelled and lines.customer_id != 'unknown' then lines.customer_id end
        ) as distinct_customers,
        count(case when not lines.is_cancelled and (lines.quantity is null or lines.sales_amount is null) then 1 end) as incomplete_lines,
        count(case when lines.is_cancelled then 1 end) as cancelled_lines,
        coalesce(sum(case when lines.is_cancelled then lines.quantity end), 0) as cancelled_quantity,
        coalesce(sum(case when lines.is_cancelled then lines.sales_amount end), 0) as cancelled_sales_amount,
        count(case when not lines.is_cancelled then lines.ship_date - lines.sold_date end) as lines_with_days_to_ship,
        sum(case when not lines.is_cancelled then lines.ship_date - lines.sold_date end) as days_to_ship
    from lines
    inner join days
        on lines.sold_date_key = days.date_key
    inner join channels
        on lines.channel = channels.channel
    where
        channels.ships_from_warehouse
        or lines.warehouse_id != 'unknown'
    group by lines.warehouse_id, days.week_start_date_key
)

select * from sales_by_week
