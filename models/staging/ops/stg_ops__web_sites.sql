with landed as (
    {{ landed('ops', 'web_site') }}
),

calendar as (
    select * from {{ ref('base_ops__calendar') }}
),

renamed as (
    select
        -- ids
        landed.web_site_sk as web_site_id,
        {{ blank_to_null('landed.web_site_id') }} as web_site_code,
        landed.web_mkt_id as market_id,
        landed.web_company_id as company_id,
        landed.web_open_date_sk as opened_date_id,
        landed.web_close_date_sk as closed_date_id,

        -- attributes
        {{ blank_to_null('landed.web_name') }} as web_site_name,
        {{ blank_to_null('landed.web_class') }} as web_site_class,
        {{ blank_to_null('landed.web_manager') }} as manager_name,
        {{ blank_to_null('landed.web_mkt_class') }} as market_class,
        {{ blank_to_null('landed.web_mkt_desc') }} as market_description,
        {{ blank_to_null('landed.web_market_manager') }} as market_manager_name,
        {{ blank_to_null('landed.web_company_name') }} as company_name,
        {{ blank_to_null('landed.web_street_number') }} as street_number,
        {{ blank_to_null('landed.web_street_name') }} as street_name,
        {{ blank_to_null('landed.web_street_type') }} as street_type,
        {{ blank_to_null('landed.web_suite_number') }} as suite_number,
        {{ blank_to_null('landed.web_city') }} as city,
        {{ blank_to_null('landed.web_county') }} as county,
        {{ blank_to_null('landed.web_state') }} as state,
        {{ blank_to_null('landed.web_zip') }} as postal_code,
        {{ blank_to_null('landed.web_country') }} as country,
        landed.web_gmt_offset as gmt_offset_hours,
        landed.web_tax_percentage as tax_rate,

        -- dates and times
        landed.web_rec_start_date as version_start_date,
        landed.web_rec_end_date as version_end_date,
        opened_calendar.date_day as opened_date,
        closed_calendar.date_day as closed_date,

        -- load metadata
        {{ landed_date() }} as landed_date,
        landed._file_name,
        landed._file_row_number,
        landed._loaded_at
    from landed
    left join calendar as opened_calendar
        on landed.web_open_date_sk = opened_calendar.date_id
    left join calendar as closed_calendar
        on landed.web_close_date_sk = closed_calendar.date_id
),

checked as (
    select
        *,
        case
            when web_site_id is null then 'web_site_id is missing'
            when landed_date is null then 'the path has no dt=YYYY-MM-DD'
        end as reject_reason
    from renamed
)

select * from checked
