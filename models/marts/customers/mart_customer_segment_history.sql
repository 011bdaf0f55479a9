-- incremental: made anew as a whole, since a change of one customer moves the ranks of all, but only on nights on which something in a
-- month that has ended changed, or a month ended; to see that takes a thirtieth of the time
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=["{{ open_transaction() }}", "{{ clear_if_months_changed() }}"],
    post_hook="{{ keep_months() }}"
) }}

-- depends_on: {{ ref('int_kept_fingerprints') }}
{% set is_anew = have_months_changed() %}

with transactions as (
    select *
    from {{ ref('int_customer_transactions') }}
    where {{ is_anew }}
),

dates as (
    select * from {{ ref('dim_dates') }}
),

segments as (
    select * from {{ ref('int_segments_by_score') }}
),

sales_as_of as (
    select
        source_name,
        as_of_date
    from {{ ref('int_as_of_dates') }}
    where contract_name = 'sales_lines'
),

-- the months of a source that have ended by its as-of date. A number names one month of one source, and the next month has the next number
months as (
    select
        sales_as_of.source_name,
        dates.month_end_date,
        row_number() over (order by sales_as_of.source_name nulls last, dates.month_end_date nulls last) as month_number
    from sales_as_of
    inner join dates
        on sales_as_of.as_of_date >= dates.date_day
    -- a month is there once its last day is
    where dates.date_day = dates.month_end_date
),

-- what happened in each month
monthly as (
    select
        transactions.customer_id,
        transactions.source_name,
        dates.month_end_date,
        sum(transactions.order_count) as order_count,
        sum(transactions.sales_amount - transactions.coupon_amount - transactions.return_amount) as net_sales_amount,
        max(case when transactions.order_count = 1 then transactions.transaction_date end) as last_order_date
    from transactions
    inner join dates
        on transactions.transaction_date = dates.date_day
    group by transactions.customer_id, transactions.source_name, dates.month_end_date
),

-- what had happened by the end of each of those months, which holds until the next
running as (
    select
        monthly.customer_id,
        monthly.source_name,
        months.month_number,
        cast(
            sum(monthly.order_count) over (
                partition by monthly.customer_id
                order by monthly.month_end_date asc nulls last
                rows between unbounded preceding and current row
            ) as bigint
        ) as order_count,
        cast(
            sum(monthly.net_sales_amount) over (
                partition by monthly.customer_id
                order by monthly.month_end_date asc nulls last
                rows between unbounded preceding and current row
            ) as decimal(18, 2)
        ) as net_sales_amount,
        max(monthly.last_order_date) over (
            partition by monthly.customer_id
            order by monthly.month_end_date asc nulls last
            rows between unbounded preceding and current row
        ) as last_order_date,
        lead(months.month_number) over (
            partition by monthly.customer_id
            order by monthly.month_end_date asc nulls last
        ) as next_month_number
    from monthly
    inner join months
        on
            monthly.source_name = months.source_name
            and monthly.month_end_date = months.month_end_date
),

-- deliberate fan-out: a row for each customer and month from the first order on, since customers move while others buy
customer_months as (
    select
        running.customer_id,
        running.order_count,
        running.net_sales_amount,
        running.last_order_date,
        months.month_number
    from running
    inner join months
        on
            running.source_name = months.source_name
            and running.month_number <= months.month_number
            and coalesce(running.next_month_number > months.month_number, true)
),

ranked as (
    select
        *,
        rank() over (partition by month_number order by last_order_date asc nulls first) - 1 as with_older_order,
        rank() over (partition by month_number order by order_count asc nulls first) - 1 as with_fewer_orders,
        rank() over (partition by month_number order by net_sales_amount asc nulls first) - 1 as with_smaller_amount,
        count(*) over (partition by month_number) as buyers_of_source
    from customer_months
),

scored as (
    select
        *,
        {{ quintile_score('with_older_order', 'buyers_of_source') }} as recency_score,
        {{ quintile_score('with_fewer_orders', 'buyers_of_source') }} as frequency_score,
        {{ quintile_score('with_smaller_amount', 'buyers_of_source') }} as monetary_score
    from ranked
),

named as (
    select
        scored.*,
        segments.segment_name,
        lag(segments.segment_name) over (
            partition by scored.customer_id
            order by scored.month_number asc nulls last
        ) as previous_segment_name
    from scored
    inner join segments
        on
            scored.recency_score = segments.recency_score
            and scored.frequency_score = segments.frequency_score
            and scored.monetary_score = segments.monetary_score
),

-- a row where the segment changes; the months between have nothing new to say
moves as (
    select *
    from named
    where previous_segment_name is null or segment_name != previous_segment_name
),

stretches as (
    select
        *,
        lead(month_number) over (partition by customer_id order by month_number asc nulls last) as next_month_number
    from moves
),

last_months as (
    select
        source_name,
        max(month_number) as last_month_number
    from months
    group by source_name
),

finished as (
    select
        -- ids
        stretches.customer_id,
        first_months.source_name,

        -- dates and times
        first_months.month_end_date as from_month_end_date,
        to_months.month_end_date as to_month_end_date,
        to_months.month_number - first_months.month_number + 1 as months_in_segment,

        -- segment
        stretches.segment_name,
        stretches.previous_segment_name,
        stretches.recency_score,
        stretches.frequency_score,
        stretches.monetary_score,

        -- flags
        stretches.previous_segment_name is not null as has_moved,
        stretches.next_month_number is null as is_current
    from stretches
    inner join months as first_months
        on stretches.month_number = first_months.month_number
    inner join last_months
        on first_months.source_name = last_months.source_name
    inner join months as to_months
        on coalesce(stretches.next_month_number - 1, last_months.last_month_number) = to_months.month_number
)

select * from finished
