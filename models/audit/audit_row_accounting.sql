-- a table, not incremental: a row is a file, and what became of its rows may change
with file_outcomes as (
    select * from {{ ref('int_file_outcomes') }}
),

passed_over_rows as (
    select * from {{ ref('int_passed_over_rows') }}
),

load_attempts as (
    select
        *,
        split_part(file_name, '/', 1) as source_name,
        split_part(file_name, '/', 2) as feed_name
    from {{ source('audit', 'load_history') }}
),

-- of a source that takes part; once a file has loaded, its earlier failures are history
attempts_that_count as (
    select *
    from load_attempts
    where source_name in ('{{ var("sources") | join("', '") }}')
    qualify
        status != 'load_failed'
        or (
            max(case when status = 'load_failed' then 0 else 1 end) over (partition by pipe_name, file_name) = 0
            and row_number() over (
                partition by pipe_name, file_name order by finished_at desc nulls last, started_at desc nulls last
            ) = 1
        )
),

loads as (
    select
        source_name,
        feed_name,
        file_name,
        max(status) as load_status,
        cast(sum(coalesce(row_parsed, 0)) as bigint) as landed_rows,
        cast(sum(coalesce(row_parsed, 0) - row_count) as bigint) as rejected_at_load_rows
    from attempts_that_count
    group by source_name, feed_name, file_name
),

passed_over as (
    select
        _file_name,
        count(case when outcome = 'repeat' then 1 end) as repeat_rows,
        count(case when outcome = 'superseded' then 1 end) as superseded_rows
    from passed_over_rows
    group by _file_name
),

-- of a feed that shows a state, the newest extract counts
newest_extracts as (
    select
        source_name,
        feed_name,
        max(landed_date) as landed_date
    from file_outcomes
    where
        bronze_rows > rejected_rows
        and ({% for feed in feeds() if feed.kind == 'state' %}(source_name = '{{ feed.source }}' and feed_name = '{{ feed.name }}'){{ ' or ' if not loop.last }}{% else %}false{% endfor %})
    group by source_name, feed_name
),

staged as (
    select
        file_outcomes.source_name,
        file_outcomes.feed_name,
        file_outcomes.file_name,
        file_outcomes.bronze_rows,
        file_outcomes.rejected_rows,
        case
            when file_outcomes.landed_date < newest_extracts.landed_date then 0
            else coalesce(passed_over.repeat_rows, 0)
        end as repeat_rows,
        case
            when file_outcomes.landed_date < newest_extracts.landed_date then file_outcomes.bronze_rows - file_outcomes.rejected_rows
            else coalesce(passed_over.superseded_rows, 0)
        end as superseded_rows
    from file_outcomes
    left join passed_over
        on file_outcomes.file_name = passed_over._file_name
    left join newest_extracts
        on
            file_outcomes.source_name = newest_extracts.source_name
            and file_outcomes.feed_name = newest_extracts.feed_name
),

-- the load history may be shorter than bronze (Snowflake forgets after a year); a file of which it knows nothing landed as bronze has it
joined as (
    select
        coalesce(staged.source_name, loads.source_name) as source_name,
        coalesce(staged.feed_name, loads.feed_name) as feed_name,
        coalesce(staged.file_name, loads.file_name) as file_name,
        {{ landed_date('coalesce(staged.file_name, loads.file_name)') }} as landed_date,
        loads.load_status,
        coalesce(loads.landed_rows, staged.bronze_rows) as landed_rows,
        coalesce(loads.rejected_at_load_rows, 0) as rejected_at_load_rows,
        coalesce(staged.bronze_rows, 0) as bronze_rows,
        coalesce(staged.rejected_rows, 0) as rejected_in_staging_rows,
        coalesce(staged.repeat_rows, 0) as repeat_rows,
        coalesce(staged.superseded_rows, 0) as superseded_rows
    from loads
    full outer join staged
        on loads.file_name = staged.file_name
),

accounted as (
    select
        -- ids
        source_name,
        feed_name,
        file_name,
        landed_date,

        -- how it loaded
        load_status,

        -- rows, by outcome
        landed_rows,
        rejected_at_load_rows,
        rejected_in_staging_rows,
        repeat_rows,
        superseded_rows,
        bronze_rows - rejected_in_staging_rows - repeat_rows - superseded_rows as accepted_rows,
        landed_rows - rejected_at_load_rows - bronze_rows as unexplained_rows
    from joined
)

select * from accounted
