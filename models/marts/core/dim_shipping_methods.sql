with current_rows as (
    {{ current_state(ref('stg_ops__ship_modes'), ['ship_mode_id']) }}
),

members as (
    select
        -- ids
        {{ surrogate_key(["'ops'", ['ship_mode_id', 'integer']]) }} as shipping_method_key,
        'ops:' || cast(ship_mode_id as varchar) as shipping_method_id,
        'ops' as source_name,
        cast(ship_mode_id as varchar) as source_shipping_method_id,
        ship_mode_code,

        -- attributes
        ship_mode_type,
        ship_mode_means,
        carrier_name,
        contract_code,

        -- flags
        false as is_unknown
    from current_rows
),

members_and_unknown as (
    {{ with_unknown_member('members', {
        'shipping_method_key': unknown_key(),
        'shipping_method_id': "'unknown'",
        'ship_mode_type': "'Unknown'",
        'is_unknown': 'true'
    }) }}
)

select * from members_and_unknown
