with current_rows as (
    {{ current_state(ref('stg_ops__reasons'), ['reason_id']) }}
),

members as (
    select
        -- ids
        {{ surrogate_key(["'ops'", ['reason_id', 'integer']]) }} as return_reason_key,
        'ops:' || cast(reason_id as varchar) as return_reason_id,
        'ops' as source_name,
        cast(reason_id as varchar) as source_return_reason_id,
        reason_code,

        -- attributes
        reason_description,

        -- flags
        false as is_unknown
    from current_rows
),

members_and_unknown as (
    {{ with_unknown_member('members', {
        'return_reason_key': unknown_key(),
        'return_reason_id': "'unknown'",
        'reason_description': "'Unknown'",
        'is_unknown': 'true'
    }) }}
)

select * from members_and_unknown
