-- A snapshot takes an extract once, in order of dt. One that came late, or was skipped since a plain `dbt build` takes only the newest, is
-- not in the history. Tolerated, with a warning. Who acts: the data engineer on duty, by `retail rebuild-history`.
{{ config(severity='warn') }}

-- depends_on: {{ ref('ops__customers') }}, {{ ref('ops__stores') }}, {{ ref('ops__warehouses') }}, {{ ref('ops__promotions') }}
with files as (
    select * from {{ ref('stg_landing__files') }}
),

taken as (
    select * from {{ ref('int_taken_files') }}
),

extracts as (
    {% for snapshot, history in kept_histories().items() %}
        select
            '{{ snapshot }}' as snapshot_name,
            files.feed_name,
            files._file_name,
            files.landed_date,
            files.row_count
        from files
        left join taken
            on
                files._file_name = taken.file_name
                and taken.taken_by = '{{ snapshot }}'
        where
            files.source_name = '{{ history.source }}'
            and files.feed_name in (
                {% for feed_name in history.feeds %}
                    '{{ feed_name }}'{{ ',' if not loop.last }}
                {% endfor %}
            )
            and files.landed_date is not null
            {% if refused_extracts() %}
                and cast(files.landed_date as varchar) not in ('{{ refused_extracts() | join("', '") }}')
            {% endif %}
            and taken.file_name is null
        {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    snapshot_name,
    feed_name,
    _file_name,
    landed_date,
    row_count
from extracts
