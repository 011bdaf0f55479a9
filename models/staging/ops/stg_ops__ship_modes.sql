with landed as (
    {{ landed('ops', 'ship_mode') }}
),

renamed as (
    select
        -- ids
        sm_ship_mode_sk as ship_mode_id,
        {{ blank_to_null('sm_ship_mode_id') }} as ship_mode_code,

        -- attributes
        {{ blank_to_null('sm_type') }} as ship_mode_type,
        {{ blank_to_null('sm_code') }} as ship_mode_means,
        {{ blank_to_null('sm_carrier') }} as carrier_name,
        {{ blank_to_null('sm_contract') }} as contract_code,

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
            when ship_mode_id is null then 'ship_mode_id is missing'
            when landed_date is null then 'the path has no dt=YYYY-MM-DD'
        end as reject_reason
    from renamed
)

select * from checked
