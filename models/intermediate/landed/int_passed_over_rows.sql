-- incremental, by key: a night compares only rows whose key is in a new file; comparing all of them anew is a third of the full build
-- append, after a hook that deletes: what counted for a key may be passed over now, and what was a repeat may be superseded
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=["{{ forget_files() }}", "{{ forget_passed_over_rows() }}"],
    post_hook="{{ take_files(feed_pairs()) }}"
) }}

-- depends_on: {{ ref('stg_landing__files') }}, {{ ref('int_taken_files') }}
{% set names = new_names(feed_pairs()) %}

with passed_over as (
    {% for feed in feeds() %}
        {{ passed_over_rows(feed, names) }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from passed_over
