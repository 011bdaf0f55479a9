with landed as (
    {{ landed('ops', 'web_page') }}
),

calendar as (
    select * from {{ ref('base_ops__calendar') }}
),

renamed as (
    select
        -- ids
        landed.wp_web_page_sk as web_page_id,
        {{ blank_to_null('landed.wp_web_page_id') }} as web_page_code,
        landed.wp_customer_sk as customer_id,
        landed.wp_creation_date_sk as creation_date_id,
        landed.wp_access_date_sk as access_date_id,

        -- attributes
        {{ yes_no('landed.wp_autogen_flag') }} as is_generated,
        {{ blank_to_null('landed.wp_url') }} as url,
        {{ blank_to_null('landed.wp_type') }} as web_page_type,
        landed.wp_char_count as character_count,
        landed.wp_link_count as link_count,
        landed.wp_image_count as image_count,
        landed.wp_max_ad_count as maximum_ad_count,

        -- dates and times
        landed.wp_rec_start_date as version_start_date,
        landed.wp_rec_end_date as version_end_date,
        creation_calendar.date_day as creation_date,
        access_calendar.date_day as access_date,

        -- load metadata
        {{ landed_date() }} as landed_date,
        landed._file_name,
        landed._file_row_number,
        landed._loaded_at
    from landed
    left join calendar as creation_calendar
        on landed.wp_creation_date_sk = creation_calendar.date_id
    left join calendar as access_calendar
        on landed.wp_access_date_sk = access_calendar.date_id
),

checked as (
    select
        *,
        case
            when web_page_id is null then 'web_page_id is missing'
            when landed_date is null then 'the path has no dt=YYYY-MM-DD'
        end as reject_reason
    from renamed
)

select * from checked
