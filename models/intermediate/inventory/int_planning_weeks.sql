-- A week is judged when both its sales and its counts have landed: the earlier of the two days.
with as_of_dates as (
    select * from {{ ref('int_as_of_dates') }}
),

thresholds as (
    select * from {{ ref('stock_thresholds') }}
),

stocked_sources as (
    select
        source_name,
        min(as_of_date) as as_of_date
    from as_of_dates
    where contract_name in ('sales_lines', 'stock_counts')
    group by source_name
    having count(as_of_date) = 2
),

-- the week of the next day has not ended
started as (
    select
        source_name,
        as_of_date,
        {{ add_days(
            'as_of_date', '1 - cast(' ~ weekday_number(add_days('as_of_date', 1), var('week_start_day')) ~ ' as integer)'
        ) }} as open_week_start_date
    from stocked_sources
),

windows as (
    select
        started.source_name,
        started.as_of_date,
        {{ add_days('started.open_week_start_date', -7) }} as last_full_week_start_date,
        {{ add_days(
            'started.open_week_start_date', '-7 * cast(thresholds.threshold_value as integer)'
        ) }} as window_first_week_start_date,
        thresholds.threshold_value as window_weeks
    from started
    inner join thresholds
        on thresholds.threshold_name = 'rate_window_weeks'
)

select * from windows
