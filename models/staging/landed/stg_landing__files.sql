-- a table: the one place that reads every bronze table just for the names of its files
{{ config(materialized='table') }}

with landed as (
    {% for feed in feeds() %}
        select
            '{{ feed.source }}' as source_name,
            '{{ feed.name }}' as feed_name,
            _file_name,
            {{ landed_date() }} as landed_date,
            count(*) as row_count,
            min(_loaded_at) as first_loaded_at
        from ({{ landed(feed.source, feed.name) }}) as landed_rows
        group by _file_name
        {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from landed
