with landed as (
    {{ landed('ops', 'warehouse') }}
),

renamed as (
    select
        -- ids
        w_warehouse_sk as warehouse_id,
        {{ blank_to_null('w_warehouse_id') }} as warehouse_code,

        -- attributes
        {{ blank_to_null('w_warehouse_name') }} as warehouse_name,
        w_warehouse_sq_ft as warehouse_square_feet,
        {{ blank_to_null('w_street_number') }} as street_number,
        {{ blank_to_null('w_street_name') }} as street_name,
        {{ blank_to_null('w_street_type') }} as street_type,
        {{ blank_to_null('w_suite_number') }} as suite_number,
        {{ blank_to_null('w_city') }} as city,
        {{ blank_to_null('w_county') }} as county,
        {{ blank_to_null('w_state') }} as state,
        {{ blank_to_null('w_zip') }} as postal_code,
        {{ blank_to_null('w_country') }} as country,
        w_gmt_offset as gmt_offset_hours,

        -- load metadata
        {{ landed_date() }} as landed_date,
        _file_name,
        _file_row_number,
        _loaded_at
    from landed
),

checked as (
    select
        *,
        case
            when warehouse_id is null then 'warehouse_id is missing'
            when landed_date is null then 'the path has no dt=YYYY-MM-DD'
        end as reject_reason
    from renamed
)

select * from checked
