with landed as (
    {{ landed('ops', 'promotion') }}
),

calendar as (
    select * from {{ ref('base_ops__calendar') }}
),

renamed as (
    select
        -- ids
        landed.p_promo_sk as promotion_id,
        {{ blank_to_null('landed.p_promo_id') }} as promotion_code,
        landed.p_item_sk as item_id,
        landed.p_start_date_sk as start_date_id,
        landed.p_end_date_sk as end_date_id,

        -- attributes
        {{ blank_to_null('landed.p_promo_name') }} as promotion_name,
        landed.p_response_target as response_target,
        {{ yes_no('landed.p_channel_dmail') }} as is_direct_mail,
        {{ yes_no('landed.p_channel_email') }} as is_email,
        {{ yes_no('landed.p_channel_catalog') }} as is_catalog,
        {{ yes_no('landed.p_channel_tv') }} as is_tv,
        {{ yes_no('landed.p_channel_radio') }} as is_radio,
        {{ yes_no('landed.p_channel_press') }} as is_press,
        {{ yes_no('landed.p_channel_event') }} as is_event,
        {{ yes_no('landed.p_channel_demo') }} as is_demo,
        {{ blank_to_null('landed.p_channel_details') }} as channel_details,
        {{ blank_to_null('landed.p_purpose') }} as purpose,
        {{ yes_no('landed.p_discount_active') }} as is_discount_active,

        -- amounts
        cast(landed.p_cost as decimal(18, 2)) as promotion_cost_amount,

        -- dates and times
        start_calendar.date_day as start_date,
        end_calendar.date_day as end_date,

        -- load metadata
        {{ landed_date() }} as landed_date,
        landed._file_name,
        landed._file_row_number,
        landed._loaded_at
    from landed
    left join calendar as start_calendar
        on landed.p_start_date_sk = start_calendar.date_id
    left join calendar as end_calendar
        on landed.p_end_date_sk = end_calendar.date_id
),

checked as (
    select
        *,
        case
            when promotion_id is null then 'promotion_id is missing'
            when landed_date is null then 'the path has no dt=YYYY-MM-DD'
        end as reject_reason
    from renamed
)

select * from checked
