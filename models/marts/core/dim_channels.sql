with channels as (
    select * from {{ ref('channels') }}
),

members as (
    select
        -- ids
        channel,

        -- attributes
        channel_name,

        -- flags
        ships_from_warehouse,
        false as is_unknown
    from channels
),

members_and_unknown as (
    {{ with_unknown_member('members', {
        'channel': "'unknown'",
        'channel_name': "'Unknown'",
        'is_unknown': 'true'
    }) }}
)

select * from members_and_unknown
