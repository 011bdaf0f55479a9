with last_states as (
    -- as last seen, deleted ones too: facts name them
    select *
    from ({{ kept_versions('ops__promotions') }}) as kept
    where held_until = cast({{ history_ceiling() }} as timestamp)
),

calendar as (
    select * from {{ ref('base_ops__calendar') }}
),

dated as (
    select
        last_states.*,
        start_calendar.date_day as start_date,
        end_calendar.date_day as end_date
    from last_states
    left join calendar as start_calendar
        on last_states.start_date_id = start_calendar.date_id
    left join calendar as end_calendar
        on last_states.end_date_id = end_calendar.date_id
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
        is_deleted,
        false as is_unknown
    from dated
),

members_and_unknown as (
    {{ with_unknown_member('members', {
        'promotion_key': unknown_key(),
        'promotion_id': "'unknown'",
        'promotion_name': "'Unknown'",
        'is_deleted': 'false',
        'is_unknown': 'true'
    }) }}
)

select * from members_and_unknown
