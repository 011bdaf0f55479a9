-- Grain: a feed. What landed of it, until when, and what became of its rows.
-- Look out for: a feed that shows a state lands when it changed, so how far it is behind says nothing; its lag is null.
with files as (
    select * from {{ ref('audit_row_accounting') }}
),

load_attempts as (
    select * from {{ source('audit', 'load_history') }}
),

kinds as (
    {% for feed in feeds() %}
        select
            '{{ feed.source }}' as source_name,
            '{{ feed.name }}' as feed_name,
            '{{ feed.kind }}' as feed_kind
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

last_loads as (
    select
        file_name,
        max(finished_at) as finished_at
    from load_attempts
    group by file_name
),

by_feed as (
    select
        files.source_name,
        files.feed_name,
        count(*) as files,
        max(files.landed_date) as last_landed_date,
        cast(max(last_loads.finished_at) as date) as last_load_date,
        sum(files.landed_rows) as landed_rows,
        sum(files.accepted_rows) as accepted_rows,
        sum(files.rejected_at_load_rows) as rejected_at_load_rows,
        sum(files.rejected_in_staging_rows) as rejected_in_staging_rows,
        sum(files.repeat_rows) as repeat_rows,
        sum(files.superseded_rows) as superseded_rows,
        sum(files.unexplained_rows) as unexplained_rows
    from files
    left join last_loads
        on files.file_name = last_loads.file_name
    group by files.source_name, files.feed_name
),

source_ends as (
    select
        source_name,
        max(last_landed_date) as last_landed_date
    from by_feed
    group by source_name
),

described as (
    select
        by_feed.source_name,
        by_feed.feed_name,
        case kinds.feed_kind when 'log' then 'Log' else 'State' end as feed_kind,
        by_feed.files,
        by_feed.last_landed_date,
        case
            when kinds.feed_kind = 'log'
                then {{ dbt.datediff('by_feed.last_landed_date', 'source_ends.last_landed_date', 'day') }}
        end as days_behind_source,
        by_feed.last_load_date,
        by_feed.landed_rows,
        by_feed.accepted_rows,
        by_feed.rejected_at_load_rows,
        by_feed.rejected_in_staging_rows,
        by_feed.rejected_at_load_rows + by_feed.rejected_in_staging_rows as rejected_rows,
        by_feed.repeat_rows,
        by_feed.superseded_rows,
        by_feed.unexplained_rows
    from by_feed
    inner join source_ends
        on by_feed.source_name = source_ends.source_name
    left join kinds
        on
            by_feed.source_name = kinds.source_name
            and by_feed.feed_name = kinds.feed_name
)

select *
from described
order by source_name, feed_name
