-- ephemeral: made anew for the snapshot, which takes one extract at a time (macros/history/snapshots)
{{ config(materialized='ephemeral') }}

-- depends_on: {{ ref('stg_landing__files') }}, {{ ref('int_taken_files') }}
{% set extract = extract_to_take('ops__warehouses', aloud=true) %}

with extracted as (
    {{ current_state(ref('stg_ops__warehouses'), ['warehouse_id'], until=extract) }}
),

attributes as (
    select
        -- ids
        warehouse_id,
        warehouse_code,

        -- attributes
        warehouse_name,
        warehouse_square_feet,
        street_number,
        street_name,
        street_type,
        suite_number,
        city,
        county,
        state,
        postal_code,
        country,
        gmt_offset_hours
    from extracted
),

states as (
    {{ states_of_extract('ops__warehouses', 'attributes', extract) }}
)

select * from states
