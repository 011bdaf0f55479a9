with landed as (
    {{ landed('ops', 'household_demographics') }}
),

renamed as (
    select
        -- ids
        hd_demo_sk as household_demographics_id,
        hd_income_band_sk as income_band_id,

        -- attributes
        {{ blank_to_null('hd_buy_potential') }} as buy_potential,
        hd_dep_count as household_dependent_count,
        hd_vehicle_count as household_vehicle_count,

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
            when household_demographics_id is null then 'household_demographics_id is missing'
            when landed_date is null then 'the path has no dt=YYYY-MM-DD'
        end as reject_reason
    from renamed
)

select * from checked
