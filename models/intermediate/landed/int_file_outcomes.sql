-- incremental, by file: what staging says of a row does not change, so a night counts the new files alone
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=["{{ forget_files() }}", "{{ delete_rows_of_files('file_name', feed_pairs()) }}"],
    post_hook="{{ take_files(feed_pairs()) }}"
) }}

-- depends_on: {{ ref('stg_landing__files') }}, {{ ref('int_taken_files') }}
{% set names = new_names(feed_pairs()) %}

with counted as (
    {% for feed in feeds() %}
        select
            '{{ feed.source }}' as source_name,
            '{{ feed.name }}' as feed_name,
            _file_name as file_name,
            max(landed_date) as landed_date,
            count(*) as bronze_rows,
            count(reject_reason) as rejected_rows
        from {{ ref(feed.staging) }}
        where {{ in_new_files(names, [[feed.source, feed.name]]) }}
        group by _file_name
        {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from counted
