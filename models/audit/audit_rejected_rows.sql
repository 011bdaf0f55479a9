-- a table, not incremental: a row that was rejected long ago is resolved tonight. Made of the few rows that were rejected, it takes no time
with load_rejects as (
    select * from {{ source('audit', 'load_rejects') }}
),

staging_rejects as (
    select * from {{ ref('int_rejected_rows') }}
),

resolved as (
    {% for feed in feeds_with_rejected_rows() %}
        {{ resolved_rows(feed) }}
        union all
    {% endfor %}
    -- so that the list may end in union all
    select
        file_name,
        file_row_number
    from staging_rejects
    where false
),

at_load as (
    select
        'load' as stage,
        split_part(file_name, '/', 1) as source_name,
        split_part(file_name, '/', 2) as feed_name,
        file_name,
        file_row_number,
        error_message as reject_reason,
        false as is_resolved,
        raw_line as row_content
    from load_rejects
),

in_staging as (
    select
        'staging' as stage,
        staging_rejects.source_name,
        staging_rejects.feed_name,
        staging_rejects.file_name,
        staging_rejects.file_row_number,
        staging_rejects.reject_reason,
        resolved.file_name is not null as is_resolved,
        staging_rejects.row_content
    from staging_rejects
    left join resolved
        on
            staging_rejects.file_name = resolved.file_name
            and staging_rejects.file_row_number = resolved.file_row_number
),

rejected as (
    select * from at_load
    union all
    select * from in_staging
)

select *
from rejected
where source_name in ('{{ var("sources") | join("', '") }}')
