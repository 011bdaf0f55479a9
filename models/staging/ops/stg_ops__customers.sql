with landed as (
    {{ landed('ops', 'customer') }}
),

calendar as (
    select * from {{ ref('base_ops__calendar') }}
),

renamed as (
    select
        -- ids
        landed.c_customer_sk as customer_id,
        {{ blank_to_null('landed.c_customer_id') }} as customer_code,
        landed.c_current_cdemo_sk as current_customer_demographics_id,
        landed.c_current_hdemo_sk as current_household_demographics_id,
        landed.c_current_addr_sk as current_address_id,
        landed.c_first_shipto_date_sk as first_shipto_date_id,
        landed.c_first_sales_date_sk as first_sales_date_id,
        landed.c_last_review_date_sk as last_review_date_id,

        -- attributes
        {{ blank_to_null('landed.c_salutation') }} as salutation,
        {{ blank_to_null('landed.c_first_name') }} as first_name,
        {{ blank_to_null('landed.c_last_name') }} as last_name,
        {{ yes_no('landed.c_preferred_cust_flag') }} as is_preferred_customer,
        landed.c_birth_day as birth_day,
        landed.c_birth_month as birth_month,
        landed.c_birth_year as birth_year,
        {{ blank_to_null('landed.c_birth_country') }} as birth_country,
        {{ blank_to_null('landed.c_login') }} as login,
        {{ blank_to_null('landed.c_email_address') }} as email,

        -- dates and times
        first_shipto_calendar.date_day as first_shipto_date,
        first_sales_calendar.date_day as first_sales_date,
        last_review_calendar.date_day as last_review_date,

        -- load metadata
        {{ landed_date() }} as landed_date,
        landed._file_name,
        landed._file_row_number,
        landed._loaded_at
    from landed
    left join calendar as first_shipto_calendar
        on landed.c_first_shipto_date_sk = first_shipto_calendar.date_id
    left join calendar as first_sales_calendar
        on landed.c_first_sales_date_sk = first_sales_calendar.date_id
    left join calendar as last_review_calendar
        on landed.c_last_review_date_sk = last_review_calendar.date_id
),

checked as (
    select
        *,
        case
            when customer_id is null then 'customer_id is missing'
            when landed_date is null then 'the path has no dt=YYYY-MM-DD'
        end as reject_reason
    from renamed
)

select * from checked
