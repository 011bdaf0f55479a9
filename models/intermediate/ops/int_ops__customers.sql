with versions as (
    {{ kept_versions('ops__customers') }}
),

calendar as (
    select * from {{ ref('base_ops__calendar') }}
),

conformed as (
    select
        -- ids
        'ops' as source_name,
        versions.source_customer_id,
        versions.customer_code,
        versions.source_current_address_id,
        versions.source_current_customer_demographics_id,
        versions.source_current_household_demographics_id,

        -- attributes: the person
        versions.salutation,
        versions.first_name,
        versions.last_name,
        versions.is_preferred_customer,
        versions.birth_day,
        versions.birth_month,
        versions.birth_year,
        versions.birth_country,
        versions.login,
        versions.email,

        -- attributes: the address
        versions.street_number,
        versions.street_name,
        versions.street_type,
        versions.suite_number,
        versions.city,
        versions.county,
        versions.state,
        versions.postal_code,
        versions.country,
        versions.gmt_offset_hours,
        versions.location_type,

        -- attributes: demographics
        versions.gender,
        versions.marital_status,
        versions.education_status,
        versions.purchase_estimate_amount,
        versions.credit_rating,
        versions.dependent_count,
        versions.employed_dependent_count,
        versions.college_dependent_count,

        -- attributes: the household
        versions.buy_potential,
        versions.household_dependent_count,
        versions.household_vehicle_count,
        versions.income_lower_bound_amount,
        versions.income_upper_bound_amount,

        -- dates and times
        first_shipto_calendar.date_day as first_shipto_date,
        first_sales_calendar.date_day as first_sales_date,
        last_review_calendar.date_day as last_review_date,

        -- what other sources have
        nullif(trim(coalesce(versions.first_name, '') || ' ' || coalesce(versions.last_name, '')), '') as full_name,
        cast(null as varchar) as phone,
        cast(null as varchar) as street_address,
        cast(null as bigint) as age,
        cast(null as varchar) as income_group,
        cast(null as varchar) as segment_name,
        cast(null as varchar) as company_name,
        cast(null as varchar) as address_line_1,
        cast(null as varchar) as address_line_2,
        cast(null as varchar) as territory,
        cast(null as date) as registration_date,

        -- the version
        versions.changed_at,
        versions.valid_from,
        versions.valid_to,
        versions.held_until,
        versions.is_deleted
    from versions
    left join calendar as first_shipto_calendar
        on versions.first_shipto_date_id = first_shipto_calendar.date_id
    left join calendar as first_sales_calendar
        on versions.first_sales_date_id = first_sales_calendar.date_id
    left join calendar as last_review_calendar
        on versions.last_review_date_id = last_review_calendar.date_id
)

select * from conformed
