-- incremental, by file, as int_file_outcomes
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=["{{ forget_files() }}", "{{ delete_rows_of_files('file_name', feed_pairs()) }}"],
    post_hook="{{ take_files(feed_pairs()) }}"
) }}

-- depends_on: {{ ref('stg_landing__files') }}, {{ ref('int_taken_files') }}
{% set names = new_names(feed_pairs()) %}

with rejected as (
    {% for feed in feeds() %}
        {{ rejected_rows(feed, names) }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from rejected
