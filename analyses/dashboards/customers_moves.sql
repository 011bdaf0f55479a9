-- Who moved from which segment to which in the last twelve months that have ended.
-- Look out for: who moved twice is counted twice; a first order is no move.
with ends as (
    {{ sales_ends() }}
),

stretches as (
    select * from {{ ref('mart_customer_segment_history') }}
),

last_months as (
    select
        source_name,
        max(to_month_end_date) as last_month_end_date
    from stretches
    group by source_name
),

final as (
    select
        ends.source_title,
        stretches.previous_segment_name,
        stretches.segment_name,
        count(*) as moves,
        count(distinct stretches.customer_id) as customers
    from stretches
    inner join last_months
        on stretches.source_name = last_months.source_name
    inner join ends
        on stretches.source_name = ends.source_name
    where
        stretches.has_moved
        -- between the twelfth and the thirteenth month end, counted back from the last
        and stretches.from_month_end_date > {{ add_days('last_months.last_month_end_date', -360) }}
    group by ends.source_title, stretches.previous_segment_name, stretches.segment_name
)

select * from final
order by source_title asc, previous_segment_name asc, segment_name asc
