-- incremental: made anew as a whole, but only on nights on which its extract landed
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=["{{ open_transaction() }}", "{{ clear_if_landed_anew([['ops', 'customer_demographics']]) }}"],
    post_hook=["{{ forget_files() }}", "{{ take_files([['ops', 'customer_demographics']]) }}"]
) }}

-- depends_on: {{ ref('stg_landing__files') }}, {{ ref('int_taken_files') }}
{% set is_anew = is_landed_anew([['ops', 'customer_demographics']]) %}

with current_rows as (
    {{ current_state(ref('stg_ops__customer_demographics'), ['customer_demographics_id'], wanted=is_anew) }}
),

members as (
    select
        -- ids
        {{ surrogate_key(["'ops'", ['customer_demographics_id', 'integer']]) }} as customer_demographics_key,
        'ops:' || cast(customer_demographics_id as varchar) as customer_demographics_id,
        'ops' as source_name,
        cast(customer_demographics_id as varchar) as source_customer_demographics_id,

        -- attributes
        gender,
        marital_status,
        education_status,
        purchase_estimate_amount,
        credit_rating,
        dependent_count,
        employed_dependent_count,
        college_dependent_count,

        -- flags
        false as is_unknown
    from current_rows
),

members_and_unknown as (
    {{ with_unknown_member('members', {
        'customer_demographics_key': unknown_key(),
        'customer_demographics_id': "'unknown'",
        'is_unknown': 'true'
    }) }}
)

select * from members_and_unknown
where {{ is_anew }}
