with landed as (
    {{ landed('ops', 'income_band') }}
),

renamed as (
    select
        -- ids
        ib_income_band_sk as income_band_id,

        -- attributes
        ib_lower_bound as income_lower_bound_amount,
        ib_upper_bound as income_upper_bound_amount,

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
            when income_band_id is null then 'income_band_id is missing'
            when landed_date is null then 'the path has no dt=YYYY-MM-DD'
        end as reject_reason
    from renamed
)

select * from checked
