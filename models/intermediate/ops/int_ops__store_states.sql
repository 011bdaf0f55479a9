-- ephemeral: made anew for the snapshot, which takes one extract at a time (macros/history/snapshots)
{{ config(materialized='ephemeral') }}

-- depends_on: {{ ref('stg_landing__files') }}, {{ ref('int_taken_files') }}
{% set extract = extract_to_take('ops__stores', aloud=true) %}

with extracted as (
    {{ current_state(ref('stg_ops__stores'), ['store_id'], until=extract) }}
),

attributes as (
    select
        -- ids
        store_id,
        store_code,
        market_id,
        division_id,
        company_id,

        -- attributes
        store_name,
        employee_count,
        floor_space_square_feet,
        opening_hours,
        manager_name,
        geography_class,
        market_description,
        market_manager_name,
        division_name,
        company_name,
        street_number,
        street_name,
        street_type,
        suite_number,
        city,
        county,
        state,
        postal_code,
        country,
        gmt_offset_hours,
        tax_rate,

        -- dates and times
        version_start_date,
        version_end_date,
        -- as the source numbers it: the calendar is not part of an extract, and may land after it
        closed_date_id
    from extracted
),

states as (
    {{ states_of_extract('ops__stores', 'attributes', extract) }}
)

select * from states
