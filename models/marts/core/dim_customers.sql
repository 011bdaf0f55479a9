with customers as (
    select * from {{ ref('int_customers') }}
),

members as (
    select
        -- ids
        {{ surrogate_key(['source_name', 'source_customer_id']) }} as customer_key,
        source_name || ':' || source_customer_id as customer_id,
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

        -- as sources without the parts above give it
        full_name,
        phone,
        street_address,
        age,
        {{ age_band('age') }} as age_band,
        income_group,
        segment_name,

        -- flags
        false as is_unknown
    from customers
),

members_and_unknown as (
    {{ with_unknown_member('members', {
        'customer_key': unknown_key(),
        'customer_id': "'unknown'",
        'full_name': "'Unknown'",
        'is_unknown': 'true'
    }) }}
)

select * from members_and_unknown
