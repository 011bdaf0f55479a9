with landed as (
    {{ landed('ops', 'date_dim') }}
),

renamed as (
    select
        -- ids
        d_date_sk as date_id,
        {{ blank_to_null('d_date_id') }} as date_code,

        -- attributes
        d_month_seq as month_sequence,
        d_week_seq as week_sequence,
        d_quarter_seq as quarter_sequence,
        d_year as year_number,
        d_dow as day_of_week_number,
        d_moy as month_number,
        d_dom as day_of_month,
        d_qoy as quarter_number,
        d_fy_year as fiscal_year,
        d_fy_quarter_seq as fiscal_quarter_sequence,
        d_fy_week_seq as fiscal_week_sequence,
        {{ blank_to_null('d_day_name') }} as day_name,
        {{ blank_to_null('d_quarter_name') }} as quarter_name,
        {{ yes_no('d_holiday') }} as is_holiday,
        {{ yes_no('d_weekend') }} as is_weekend,
        {{ yes_no('d_following_holiday') }} as is_after_holiday,
        d_first_dom as first_of_month_id,
        d_last_dom as last_of_month_id,
        d_same_day_ly as same_day_last_year_id,
        d_same_day_lq as same_day_last_quarter_id,
        {{ yes_no('d_current_day') }} as is_current_day,
        {{ yes_no('d_current_week') }} as is_current_week,
        {{ yes_no('d_current_month') }} as is_current_month,
        {{ yes_no('d_current_quarter') }} as is_current_quarter,
        {{ yes_no('d_current_year') }} as is_current_year,

        -- dates and times
        d_date as date_day,

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
            when date_id is null then 'date_id is missing'
            when landed_date is null then 'the path has no dt=YYYY-MM-DD'
        end as reject_reason
    from renamed
)

select * from checked
