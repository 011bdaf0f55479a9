with versions as (
    {{ kept_versions('ops__warehouses') }}
),

members as (
    select
        -- ids
        {{ surrogate_key(["'ops'", ['warehouse_id', 'integer'], ['changed_at', 'timestamp']]) }} as warehouse_version_key,
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

        -- the version
        changed_at,
        valid_from,
        valid_to,
        held_until,

        -- flags
        valid_to = cast({{ history_ceiling() }} as timestamp) as is_current,
        is_deleted,
        false as is_unknown
    from versions
),

members_and_unknown as (
    {{ with_unknown_member('members', {
        'warehouse_version_key': unknown_key(),
        'warehouse_key': unknown_key(),
        'warehouse_id': "'unknown'",
        'warehouse_name': "'Unknown'",
        'valid_from': "cast(" ~ history_floor() ~ " as timestamp)",
        'valid_to': "cast(" ~ history_ceiling() ~ " as timestamp)",
        'held_until': "cast(" ~ history_ceiling() ~ " as timestamp)",
        'is_current': 'true',
        'is_deleted': 'false',
        'is_unknown': 'true'
    }) }}
)

select * from members_and_unknown
