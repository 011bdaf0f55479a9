with last_states as (
    -- as last seen, deleted ones too: facts name them
    select *
    from ({{ kept_versions('ops__warehouses') }}) as kept
    where held_until = cast({{ history_ceiling() }} as timestamp)
),

members as (
    select
        -- ids
        {{ surrogate_key(["'ops'", ['warehouse_id', 'integer']]) }} as warehouse_key,
        'ops:' || cast(warehouse_id as varchar) as warehouse_id,
        'ops' as source_name,
        cast(warehouse_id as varchar) as source_warehouse_id,
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
        gmt_offset_hours,

        -- flags
        is_deleted,
        false as is_unknown
    from last_states
),

members_and_unknown as (
    {{ with_unknown_member('members', {
        'warehouse_key': unknown_key(),
        'warehouse_id': "'unknown'",
        'warehouse_name': "'Unknown'",
        'is_deleted': 'false',
        'is_unknown': 'true'
    }) }}
)

select * from members_and_unknown
