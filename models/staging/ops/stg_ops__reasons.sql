with landed as (
    {{ landed('ops', 'reason') }}
),

renamed as (
    select
        -- ids
        r_reason_sk as reason_id,
        {{ blank_to_null('r_reason_id') }} as reason_code,

        -- attributes
        {{ blank_to_null('r_reason_desc') }} as reason_description,

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
            when reason_id is null then 'reason_id is missing'
            when landed_date is null then 'the path has no dt=YYYY-MM-DD'
        end as reject_reason
    from renamed
)

select * from checked
