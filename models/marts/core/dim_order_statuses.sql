with chosen as (
    {{ named_on_lines('source_order_status_id', 'order_status_name') }}
),

members as (
    select
        -- ids
        {{ surrogate_key(['source_name', 'source_order_status_id']) }} as order_status_key,
        source_name,
        source_order_status_id,

        -- attributes
        order_status_name,

        -- flags
        false as is_unknown
    from chosen
),

members_and_unknown as (
    {{ with_unknown_member('members', {
        'order_status_key': unknown_key(),
        'order_status_name': "'Unknown'",
        'is_unknown': 'true'
    }) }}
)

select * from members_and_unknown
