-- The stretches of a customer lie end to end, change the segment each time, count their months, and only the last is current.
-- Nothing is tolerated. Who acts: whoever changed mart_customer_segment_history.
with stretches as (
    select
        *,
        lag(to_month_end_date) over (partition by customer_id order by from_month_end_date asc nulls last) as previous_to_month_end_date,
        lag(segment_name) over (partition by customer_id order by from_month_end_date asc nulls last) as segment_before,
        lead(from_month_end_date) over (partition by customer_id order by from_month_end_date asc nulls last) as next_from_month_end_date
    from {{ ref('mart_customer_segment_history') }}
),

months as (
    select
        month_end_date,
        max(month_start_date) as month_start_date,
        max(year_number * 12 + month_number) as month_sequence
    from {{ ref('dim_dates') }}
    where not is_unknown
    group by month_end_date
),

faults as (
    select
        stretches.customer_id,
        stretches.from_month_end_date,
        case
            when {{ add_days('first_months.month_start_date', -1) }} != stretches.previous_to_month_end_date then 'gap or overlap'
            when stretches.segment_name = stretches.segment_before then 'no change of segment'
            when coalesce(stretches.segment_before, '') != coalesce(stretches.previous_segment_name, '') then 'another segment before'
            when last_months.month_sequence - first_months.month_sequence + 1 != stretches.months_in_segment then 'months miscounted'
            when stretches.is_current != (stretches.next_from_month_end_date is null) then 'not the last, or not current'
            when stretches.has_moved != (stretches.segment_before is not null) then 'moved from nowhere'
        end as fault
    from stretches
    inner join months as first_months
        on stretches.from_month_end_date = first_months.month_end_date
    inner join months as last_months
        on stretches.to_month_end_date = last_months.month_end_date
)

select *
from faults
where fault is not null
