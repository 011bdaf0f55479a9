with current_rows as (
    {{ current_state(ref('stg_ops__promotions'), ['promotion_id']) }}
),

members as (
    select
        -- ids
        {{ surrogate_key(["'ops'", ['promotion_id', 'integer']]) }} as promotion_key,
        'ops:' || cast(promotion_id as varchar) as promotion_id,
        'ops' as source_name,
        cast(promotion_id as varchar) as source_promotion_id,
        promotion_code,
        cast(item_id as varchar) as source_item_id,

        -- attributes
        promotion_name,
        response_target,
        is_direct_mail,
        is_email,
        is_catalog,
        is_tv,
        is_radio,
        is_press,
        is_event,
        is_demo,
        channel_details,
        purpose,
        is_discount_active,

        -- amounts
        promotion_cost_amount,

        -- dates and times
        start_date,
        end_date,

        -- flags
        false as is_unknown
    from current_rows
),

members_and_unknown as (
    {{ with_unknown_member('members', {
        'promotion_key': unknown_key(),
        'promotion_id': "'unknown'",
        'promotion_name': "'Unknown'",
        'is_unknown': 'true'
    }) }}
)

select * from members_and_unknown
