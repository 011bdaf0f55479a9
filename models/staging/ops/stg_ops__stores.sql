with landed as (
    {{ landed('ops', 'store') }}
),

calendar as (
    select * from {{ ref('base_ops__calendar') }}
),

renamed as (
    select
        -- ids
        landed.s_store_sk as store_id,
        {{ blank_to_null('landed.s_store_id') }} as store_code,
        landed.s_market_id as market_id,
        landed.s_division_id as division_id,
        landed.s_company_id as company_id,
        landed.s_closed_date_sk as closed_date_id,

        -- attributes
        {{ blank_to_null('landed.s_store_name') }} as store_name,
        landed.s_number_employees as employee_count,
        landed.s_floor_space as floor_space_square_feet,
        {{ blank_to_null('landed.s_hours') }} as opening_hours,
        {{ blank_to_null('landed.s_manager') }} as manager_name,
        {{ blank_to_null('landed.s_geography_class') }} as geography_class,
        {{ blank_to_null('landed.s_market_desc') }} as market_description,
        {{ blank_to_null('landed.s_market_manager') }} as market_manager_name,
        {{ blank_to_null('landed.s_division_name') }} as division_name,
        {{ blank_to_null('landed.s_company_name') }} as company_name,
        {{ blank_to_null('landed.s_street_number') }} as street_number,
        {{ blank_to_null('landed.s_street_name') }} as street_name,
        {{ blank_to_null('landed.s_street_type') }} as street_type,
        {{ blank_to_null('landed.s_suite_number') }} as suite_number,
        {{ blank_to_null('landed.s_city') }} as city,
        {{ blank_to_null('landed.s_county') }} as county,
        {{ blank_to_null('landed.s_state') }} as state,
        {{ blank_to_null('landed.s_zip') }} as postal_code,
        {{ blank_to_null('landed.s_country') }} as country,
        landed.s_gmt_offset as gmt_offset_hours,
        landed.s_tax_percentage as tax_rate,

        -- dates and times
        landed.s_rec_start_date as version_start_date,
        landed.s_rec_end_date as version_end_date,
        closed_calendar.date_day as closed_date,

        -- load metadata
        {{ landed_date() }} as landed_date,
        landed._file_name,
        landed._file_row_number,
        landed._loaded_at
    from landed
    left join calendar as closed_calendar
        on landed.s_closed_date_sk = closed_calendar.date_id
),

checked as (
    select
        *,
        case
            when store_id is null then 'store_id is missing'
            when landed_date is null then 'the path has no dt=YYYY-MM-DD'
        end as reject_reason
    from renamed
)

select * from checked
