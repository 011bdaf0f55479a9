-- a table: the one place that reads every bronze table just for the names of its files
{{ config(materialized='table') }}

with landed as (
    {% for source_name, feed in landed_feeds() %}
        select
            '{{ source_name }}' as source_name,
            '{{ feed }}' as feed_name,
            _file_name,
            {{ landed_date() }} as landed_date,
            count(*) as row_count
        from ({{ landed(source_name, feed) }}) as landed_rows
        group by _file_name
        {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from landed
