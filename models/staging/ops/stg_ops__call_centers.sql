with landed as (
    {{ landed('ops', 'call_center') }}
),

calendar as (
    select * from {{ ref('base_ops__calendar') }}
),

renamed as (
    select
        -- ids
        landed.cc_call_center_sk as call_center_id,
        {{ blank_to_null('landed.cc_call_center_id') }} as call_center_code,
        landed.cc_mkt_id as market_id,
        landed.cc_division as division_id,
        landed.cc_company as company_id,
        landed.cc_open_date_sk as opened_date_id,
        landed.cc_closed_date_sk as closed_date_id,

        -- attributes
        {{ blank_to_null('landed.cc_name') }} as call_center_name,
        {{ blank_to_null('landed.cc_class') }} as call_center_class,
        landed.cc_employees as employee_count,
        landed.cc_sq_ft as floor_space_square_feet,
        {{ blank_to_null('landed.cc_hours') }} as opening_hours,
        {{ blank_to_null('landed.cc_manager') }} as manager_name,
        {{ blank_to_null('landed.cc_mkt_class') }} as market_class,
        {{ blank_to_null('landed.cc_mkt_desc') }} as market_description,
        {{ blank_to_null('landed.cc_market_manager') }} as market_manager_name,
        {{ blank_to_null('landed.cc_division_name') }} as division_name,
        {{ blank_to_null('landed.cc_company_name') }} as company_name,
        {{ blank_to_null('landed.cc_street_number') }} as street_number,
        {{ blank_to_null('landed.cc_street_name') }} as street_name,
        {{ blank_to_null('landed.cc_street_type') }} as street_type,
        {{ blank_to_null('landed.cc_suite_number') }} as suite_number,
        {{ blank_to_null('landed.cc_city') }} as city,
        {{ blank_to_null('landed.cc_county') }} as county,
        {{ blank_to_null('landed.cc_state') }} as state,
        {{ blank_to_null('landed.cc_zip') }} as postal_code,
        {{ blank_to_null('landed.cc_country') }} as country,
        landed.cc_gmt_offset as gmt_offset_hours,
        landed.cc_tax_percentage as tax_rate,

        -- dates and times
        landed.cc_rec_start_date as version_start_date,
        landed.cc_rec_end_date as version_end_date,
        opened_calendar.date_day as opened_date,
        closed_calendar.date_day as closed_date,

        -- load metadata
        {{ landed_date() }} as landed_date,
        landed._file_name,
        landed._file_row_number,
        landed._loaded_at
    from landed
    left join calendar as opened_calendar
        on landed.cc_open_date_sk = opened_calendar.date_id
    left join calendar as closed_calendar
        on landed.cc_closed_date_sk = closed_calendar.date_id
),

checked as (
    select
        *,
        case
            when call_center_id is null then 'call_center_id is missing'
            when landed_date is null then 'the path has no dt=YYYY-MM-DD'
        end as reject_reason
    from renamed
)

select * from checked
