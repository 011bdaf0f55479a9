-- a view: the last versions of the history, as fresh as it, and free at night
{{ config(materialized='view') }}

with versions as (
    select * from {{ ref('dim_customers_history') }}
),

last_versions as (
    select
        -- ids
        customer_id,
        customer_key,
        source_name,
        source_customer_id,
        customer_code,
        source_current_address_id,
        source_current_customer_demographics_id,
        source_current_household_demographics_id,

        -- attributes: the person
        salutation,
        first_name,
        last_name,
        is_preferred_customer,
        birth_day,
        birth_month,
        birth_year,
        birth_country,
        login,
        email,

        -- attributes: the address
        street_number,
        street_name,
        street_type,
        suite_number,
        city,
        county,
        state,
        postal_code,
        country,
        gmt_offset_hours,
        location_type,

        -- attributes: demographics
        gender,
        marital_status,
        education_status,
        purchase_estimate_amount,
        credit_rating,
        dependent_count,
        employed_dependent_count,
        college_dependent_count,

        -- attributes: the household
        buy_potential,
        household_dependent_count,
        household_vehicle_count,
        income_lower_bound_amount,
        income_upper_bound_amount,

        -- dates and times
        first_shipto_date,
        first_sales_date,
        last_review_date,
        registration_date,

        -- as sources without the parts above give it
        full_name,
        company_name,
        phone,
        street_address,
        address_line_1,
        address_line_2,
        territory,
        age,
        age_band,
        income_group,
        segment_name,

        -- its last version
        changed_at,
        valid_from,

        -- flags
        is_deleted,
        is_unknown
    from versions
    where held_until = cast({{ history_ceiling() }} as timestamp)
)

select * from last_versions
