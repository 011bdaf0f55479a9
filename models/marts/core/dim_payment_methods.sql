with chosen as (
    {{ named_on_lines('source_payment_method_id', 'payment_method_name') }}
),

members as (
    select
        -- ids
        {{ surrogate_key(['source_name', 'source_payment_method_id']) }} as payment_method_key,
        source_name,
        source_payment_method_id,

        -- attributes
        payment_method_name,

        -- flags
        false as is_unknown
    from chosen
),

members_and_unknown as (
    {{ with_unknown_member('members', {
        'payment_method_key': unknown_key(),
        'payment_method_name': "'Unknown'",
        'is_unknown': 'true'
    }) }}
)

select * from members_and_unknown
