-- incremental: made anew as a whole, but only on nights on which its extract landed
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=["{{ open_transaction() }}", "{{ clear_if_landed_anew([['ops', 'time_dim']]) }}"],
    post_hook=["{{ forget_files() }}", "{{ take_files([['ops', 'time_dim']]) }}"]
) }}

-- depends_on: {{ ref('stg_landing__files') }}, {{ ref('int_taken_files') }}
{% set is_anew = is_landed_anew([['ops', 'time_dim']]) %}

with seconds as (
    {{ dbt.generate_series(86400) }}
),

source_times as (
    {{ current_state(ref('stg_ops__times'), ['time_id'], wanted=is_anew) }}
),

numbered as (
    select cast(generated_number - 1 as bigint) as second_of_day
    from seconds
),

clock as (
    select
        second_of_day,
        cast(floor(second_of_day / 3600) as bigint) as hour_number,
        cast(floor(mod(second_of_day, 3600) / 60) as bigint) as minute_number,
        mod(second_of_day, 60) as second_number
    from numbered
),

members as (
    select
        -- ids
        clock.second_of_day as time_key,

        -- attributes
        clock.hour_number,
        clock.minute_number,
        clock.second_number,
        lpad(cast(clock.hour_number as varchar), 2, '0') || ':00' as hour_name,
        case when clock.hour_number < 12 then 'AM' else 'PM' end as am_pm,
        source_times.shift_name,
        source_times.sub_shift_name,
        source_times.meal_time,

        -- flags
        false as is_unknown
    from clock
    left join source_times
        on clock.second_of_day = source_times.time_id
),

members_and_unknown as (
    {{ with_unknown_member('members', {
        'time_key': '-1',
        'hour_name': "'Unknown'",
        'is_unknown': 'true'
    }) }}
)

select * from members_and_unknown
where {{ is_anew }}
