with landed as (
    {{ landed('ops', 'time_dim') }}
),

renamed as (
    select
        -- ids
        t_time_sk as time_id,
        {{ blank_to_null('t_time_id') }} as time_code,

        -- attributes
        t_time as second_of_day,
        t_hour as hour_number,
        t_minute as minute_number,
        t_second as second_number,
        {{ blank_to_null('t_am_pm') }} as am_pm,
        {{ blank_to_null('t_shift') }} as shift_name,
        {{ blank_to_null('t_sub_shift') }} as sub_shift_name,
        {{ blank_to_null('t_meal_time') }} as meal_time,

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
            when time_id is null then 'time_id is missing'
            when landed_date is null then 'the path has no dt=YYYY-MM-DD'
        end as reject_reason
    from renamed
)

select * from checked
