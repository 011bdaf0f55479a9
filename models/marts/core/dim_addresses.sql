with current_rows as (
    {{ current_state(ref('stg_ops__customer_addresses'), ['address_id']) }}
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
