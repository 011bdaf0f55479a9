with landed as (
    {{ landed('ops', 'customer_address') }}
),

renamed as (
    select
        -- ids
        ca_address_sk as address_id,
        {{ blank_to_null('ca_address_id') }} as address_code,

        -- attributes
        {{ blank_to_null('ca_street_number') }} as street_number,
        {{ blank_to_null('ca_street_name') }} as street_name,
        {{ blank_to_null('ca_street_type') }} as street_type,
        {{ blank_to_null('ca_suite_number') }} as suite_number,
        {{ blank_to_null('ca_city') }} as city,
        {{ blank_to_null('ca_county') }} as county,
        {{ blank_to_null('ca_state') }} as state,
        {{ blank_to_null('ca_zip') }} as postal_code,
        {{ blank_to_null('ca_country') }} as country,
        ca_gmt_offset as gmt_offset_hours,
        {{ blank_to_null('ca_location_type') }} as location_type,

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
            when address_id is null then 'address_id is missing'
            when landed_date is null then 'the path has no dt=YYYY-MM-DD'
        end as reject_reason
    from renamed
)

select * from checked
