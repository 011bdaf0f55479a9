-- incremental: made anew as a whole, but only on nights on which its extract landed
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=["{{ open_transaction() }}", "{{ clear_if_landed_anew([['ops', 'customer_address']]) }}"],
    post_hook=["{{ forget_files() }}", "{{ take_files([['ops', 'customer_address']]) }}"]
) }}

-- depends_on: {{ ref('stg_landing__files') }}, {{ ref('int_taken_files') }}
{% set is_anew = is_landed_anew([['ops', 'customer_address']]) %}

with current_rows as (
    {{ current_state(ref('stg_ops__customer_addresses'), ['address_id'], wanted=is_anew) }}
),

members as (
    select
        -- ids
        {{ surrogate_key(["'ops'", ['address_id', 'integer']]) }} as address_key,
        'ops:' || cast(address_id as varchar) as address_id,
        'ops' as source_name,
        cast(address_id as varchar) as source_address_id,
        address_code,

        -- keys of other dimensions
        coalesce({{ location_key('city', 'state', 'postal_code', 'country') }}, {{ unknown_key() }}) as location_key,

        -- attributes
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
        location_type,

        -- flags
        false as is_unknown
    from current_rows
),

members_and_unknown as (
    {{ with_unknown_member('members', {
        'address_key': unknown_key(),
        'address_id': "'unknown'",
        'location_key': unknown_key(),
        'is_unknown': 'true'
    }) }}
)

select * from members_and_unknown
where {{ is_anew }}
