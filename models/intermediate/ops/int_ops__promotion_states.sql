-- ephemeral: made anew for the snapshot, which takes one extract at a time (macros/history/snapshots)
{{ config(materialized='ephemeral') }}

-- depends_on: {{ ref('stg_landing__files') }}, {{ ref('int_taken_files') }}
{% set extract = extract_to_take('ops__promotions', aloud=true) %}

with extracted as (
    {{ current_state(ref('stg_ops__promotions'), ['promotion_id'], until=extract) }}
),

attributes as (
    select
        -- ids
        promotion_id,
        promotion_code,
        item_id,

        -- attributes
        promotion_name,
        response_target,
        is_direct_mail,
        is_email,
        is_catalog,
        is_tv,
        is_radio,
        is_press,
        is_event,
        is_demo,
        channel_details,
        purpose,
        is_discount_active,

        -- amounts
        promotion_cost_amount,

        -- dates, as the source numbers them: the calendar is not part of an extract, and may land after it
        start_date_id,
        end_date_id
    from extracted
),

states as (
    {{ states_of_extract('ops__promotions', 'attributes', extract) }}
)

select * from states
