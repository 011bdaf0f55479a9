with load_rejects as (
    select * from {{ source('audit', 'load_rejects') }}
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
    {% for feed in feeds() %}
        {{ rejected_rows(feed) }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

rejected as (
    select *
    from at_load
    where source_name in ('{{ var("sources") | join("', '") }}')
    union all
    select * from in_staging
)

select * from rejected
