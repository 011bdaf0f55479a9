-- What to look at in the morning; docs/snowflake.md says what to do about it. Views over ACCOUNT_USAGE lag up to three hours.
-- Variables: prefix, database, feeds, pipes.
use database {{ database }};

create or replace view audit.monitor_pipes
    comment = 'A pipe: whether it runs, files waiting, when it last loaded and last heard of a file'
as
with statuses as (
    {%- for feed in feeds %}
    select
        '{{ feed }}' as feed,
        parse_json(system$pipe_status('{{ database }}.bronze.{{ pipes[feed] }}')) as status
    {{- " union all" if not loop.last }}
    {%- endfor %}
)

select
    feed,
    status['executionState']::varchar as execution_state,
    status['pendingFileCount']::number as pending_files,
    status['lastReceivedMessageTimestamp']::varchar as last_message_at,
    status['lastIngestedTimestamp']::varchar as last_loaded_at,
    status['error']::varchar as error
from statuses;

create or replace view audit.monitor_last_loads
    comment = 'A feed: its last file, when it came, and how many days ago'
as
with feeds as (
    {%- for feed in feeds %}
    select '{{ feed }}' as feed
    {{- " union all" if not loop.last }}
    {%- endfor %}
),

loads as (
    select
        split_part(replace(pipe_name, 'bronze.', ''), '_pipe', 1) as feed,
        max_by(file_name, finished_at) as last_file_name,
        max(finished_at) as last_loaded_at,
        count(*) as files
    from audit.load_log
    where status != 'load_failed'
    group by split_part(replace(pipe_name, 'bronze.', ''), '_pipe', 1)
)

select
    feeds.feed,
    loads.last_file_name,
    loads.last_loaded_at,
    datediff('day', loads.last_loaded_at, cast(convert_timezone('UTC', current_timestamp()) as timestamp_ntz)) as days_ago,
    coalesce(loads.files, 0) as files
from feeds
left join loads
    on feeds.feed = loads.feed;

create or replace view audit.monitor_failed_files
    comment = 'A file of which something is not in bronze'
as
select
    pipe_name,
    file_name,
    status,
    row_parsed,
    row_count,
    error_count,
    first_error_message,
    first_error_line_number,
    first_error_column_name,
    finished_at
from audit.load_log
where status != 'loaded'
qualify row_number() over (partition by pipe_name, file_name order by finished_at desc nulls last) = 1;

create or replace view audit.monitor_builds
    comment = 'A night with something to build, and how long its build took; not confirmed: it failed, or runs still'
as
select
    request_id,
    requested_at,
    confirmed_at,
    datediff('minute', requested_at, confirmed_at) as minutes
from audit.build_requests;

create or replace view audit.monitor_tasks
    comment = 'A run of a task of this database in the last 30 days'
as
select
    name as task_name,
    state,
    scheduled_time,
    completed_time,
    error_code,
    error_message
from snowflake.account_usage.task_history
where
    database_name = upper('{{ database }}')
    and scheduled_time >= dateadd('day', -30, current_timestamp());

create or replace view audit.monitor_cost
    comment = 'Credits of a day in the last 90 days by warehouse and query tag; all pipes of the account under their names. Idle time of warehouses is in no row'
as
with queries as (
    select
        cast(start_time as date) as day,
        warehouse_name as spent_on,
        coalesce(nullif(query_tag, ''), 'none') as query_tag,
        sum(credits_attributed_compute) as credits
    from snowflake.account_usage.query_attribution_history
    where
        start_time >= dateadd('day', -90, current_timestamp())
        and warehouse_name in (
            upper('{{ prefix }}loading'), upper('{{ prefix }}transforming'), upper('{{ prefix }}reporting'), upper('{{ prefix }}deploying')
        )
    group by cast(start_time as date), warehouse_name, coalesce(nullif(query_tag, ''), 'none')
),

pipes as (
    select
        cast(start_time as date) as day,
        pipe_name as spent_on,
        'snowpipe' as query_tag,
        sum(credits_used) as credits
    from snowflake.account_usage.pipe_usage_history
    where start_time >= dateadd('day', -90, current_timestamp())
    group by cast(start_time as date), pipe_name
)

select * from queries
union all
select * from pipes;
