with landed as (
    {{ landed('ops', 'catalog_page') }}
),

calendar as (
    select * from {{ ref('base_ops__calendar') }}
),

renamed as (
    select
        -- ids
        landed.cp_catalog_page_sk as catalog_page_id,
        {{ blank_to_null('landed.cp_catalog_page_id') }} as catalog_page_code,
        landed.cp_start_date_sk as start_date_id,
        landed.cp_end_date_sk as end_date_id,

        -- attributes
        {{ blank_to_null('landed.cp_department') }} as department,
        landed.cp_catalog_number as catalog_number,
        landed.cp_catalog_page_number as page_number,
        {{ blank_to_null('landed.cp_description') }} as page_description,
        {{ blank_to_null('landed.cp_type') }} as catalog_type,

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
        on landed.cp_start_date_sk = start_calendar.date_id
    left join calendar as end_calendar
        on landed.cp_end_date_sk = end_calendar.date_id
),

checked as (
    select
        *,
        case
            when catalog_page_id is null then 'catalog_page_id is missing'
            when landed_date is null then 'the path has no dt=YYYY-MM-DD'
        end as reject_reason
    from renamed
)

select * from checked
