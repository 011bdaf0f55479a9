with versions as (
    {{ kept_versions('ops__promotions') }}
),

calendar as (
    select * from {{ ref('base_ops__calendar') }}
),

dated as (
    select
        versions.*,
        start_calendar.date_day as start_date,
        end_calendar.date_day as end_date
    from versions
    left join calendar as start_calendar
        on versions.start_date_id = start_calendar.date_id
    left join calendar as end_calendar
        on versions.end_date_id = end_calendar.date_id
),

members as (
    select
        -- ids
        {{ surrogate_key(["'ops'", ['promotion_id', 'integer'], ['changed_at', 'timestamp']]) }} as promotion_version_key,
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

        -- the version
        changed_at,
        valid_from,
        valid_to,
        held_until,

        -- flags
        valid_to = cast({{ history_ceiling() }} as timestamp) as is_current,
        is_deleted,
        false as is_unknown
    from dated
),

members_and_unknown as (
    {{ with_unknown_member('members', {
        'promotion_version_key': unknown_key(),
        'promotion_key': unknown_key(),
        'promotion_id': "'unknown'",
        'promotion_name': "'Unknown'",
        'valid_from': "cast(" ~ history_floor() ~ " as timestamp)",
        'valid_to': "cast(" ~ history_ceiling() ~ " as timestamp)",
        'held_until': "cast(" ~ history_ceiling() ~ " as timestamp)",
        'is_current': 'true',
        'is_deleted': 'false',
        'is_unknown': 'true'
    }) }}
)

select * from members_and_unknown
