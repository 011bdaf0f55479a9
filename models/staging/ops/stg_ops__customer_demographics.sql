with landed as (
    {{ landed('ops', 'customer_demographics') }}
),

renamed as (
    select
        -- ids
        cd_demo_sk as customer_demographics_id,

        -- attributes
        {{ blank_to_null('cd_gender') }} as gender,
        {{ blank_to_null('cd_marital_status') }} as marital_status,
        {{ blank_to_null('cd_education_status') }} as education_status,
        cd_purchase_estimate as purchase_estimate_amount,
        {{ blank_to_null('cd_credit_rating') }} as credit_rating,
        cd_dep_count as dependent_count,
        cd_dep_employed_count as employed_dependent_count,
        cd_dep_college_count as college_dependent_count,

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
            when customer_demographics_id is null then 'customer_demographics_id is missing'
            when landed_date is null then 'the path has no dt=YYYY-MM-DD'
        end as reject_reason
    from renamed
)

select * from checked
