-- ephemeral: made anew for the snapshot, which takes one extract at a time (macros/history/snapshots)
{{ config(materialized='ephemeral') }}

-- depends_on: {{ ref('stg_landing__files') }}, {{ ref('int_taken_files') }}
{% set extract = extract_to_take('ops__customers', aloud=true) %}

with customers as (
    {{ current_state(ref('stg_ops__customers'), ['customer_id'], until=extract) }}
),

addresses as (
    {{ current_state(ref('stg_ops__customer_addresses'), ['address_id'], until=extract) }}
),

customer_demographics as (
    {{ current_state(ref('stg_ops__customer_demographics'), ['customer_demographics_id'], until=extract) }}
),

household_demographics as (
    {{ current_state(ref('stg_ops__household_demographics'), ['household_demographics_id'], until=extract) }}
),

income_bands as (
    {{ current_state(ref('stg_ops__income_bands'), ['income_band_id'], until=extract) }}
),

joined as (
    select
        -- ids
        cast(customers.customer_id as varchar) as source_customer_id,
        customers.customer_code,
        cast(customers.current_address_id as varchar) as source_current_address_id,
        cast(customers.current_customer_demographics_id as varchar) as source_current_customer_demographics_id,
        cast(customers.current_household_demographics_id as varchar) as source_current_household_demographics_id,

        -- attributes: the person
        customers.salutation,
        customers.first_name,
        customers.last_name,
        customers.is_preferred_customer,
        customers.birth_day,
        customers.birth_month,
        customers.birth_year,
        customers.birth_country,
        customers.login,
        customers.email,

        -- attributes: the address
        addresses.street_number,
        addresses.street_name,
        addresses.street_type,
        addresses.suite_number,
        addresses.city,
        addresses.county,
        addresses.state,
        addresses.postal_code,
        addresses.country,
        addresses.gmt_offset_hours,
        addresses.location_type,

        -- attributes: demographics
        customer_demographics.gender,
        customer_demographics.marital_status,
        customer_demographics.education_status,
        customer_demographics.purchase_estimate_amount,
        customer_demographics.credit_rating,
        customer_demographics.dependent_count,
        customer_demographics.employed_dependent_count,
        customer_demographics.college_dependent_count,

        -- attributes: the household
        household_demographics.buy_potential,
        household_demographics.household_dependent_count,
        household_demographics.household_vehicle_count,
        income_bands.income_lower_bound_amount,
        income_bands.income_upper_bound_amount,

        -- dates, as the source numbers them: the calendar is not part of an extract, and may land after it
        customers.first_shipto_date_id,
        customers.first_sales_date_id,
        customers.last_review_date_id
    from customers
    left join addresses
        on customers.current_address_id = addresses.address_id
    left join customer_demographics
        on customers.current_customer_demographics_id = customer_demographics.customer_demographics_id
    left join household_demographics
        on customers.current_household_demographics_id = household_demographics.household_demographics_id
    left join income_bands
        on household_demographics.income_band_id = income_bands.income_band_id
),

states as (
    {{ states_of_extract('ops__customers', 'joined', extract) }}
)

select * from states
