-- Grain: a feed, a stage and a reason.
-- Look out for: what the loader says of a record may quote it, so the reason of a row rejected at load is left out.
with rejected_rows as (
    select * from {{ ref('audit_rejected_rows') }}
),

described as (
    select
        source_name,
        feed_name,
        case stage when 'load' then 'At load' else 'In staging' end as rejected_stage,
        case stage when 'load' then 'could not be read as the columns of its table' else reject_reason end as reason,
        is_resolved
    from rejected_rows
),

by_reason as (
    select
        source_name,
        feed_name,
        rejected_stage,
        reason,
        count(*) as rejected_rows,
        count(case when is_resolved then 1 end) as resolved_rows,
        count(case when not is_resolved then 1 end) as open_rows
    from described
    group by source_name, feed_name, rejected_stage, reason
)

select *
from by_reason
order by source_name, feed_name, rejected_stage, reason
