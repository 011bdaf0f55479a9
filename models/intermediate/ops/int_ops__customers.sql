with customers as (
    {{ current_state(ref('stg_ops__customers'), ['customer_id']) }}
),

addresses as (
    {{ current_state(ref('stg_ops__customer_addresses'), ['address_id']) }}
),

customer_demographics as (
    {{ current_state(ref('stg_ops__customer_demographics'), ['customer_demographics_id']) }}
),

household_demographics as (
    {{ current_state(ref('stg_ops__household_demographics'), ['household_demographics_id']) }}
),

income_bands as (
    {{ current_state(ref('stg_ops__income_bands'), ['income_band_id']) }}
),

joined as (
    select
        -- ids
        'ops' as source_name,
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

        -- dates and times
        customers.first_shipto_date,
        customers.first_sales_date,
        customers.last_review_date,

        -- what other sources have
        nullif(trim(coalesce(customers.first_name, '') || ' ' || coalesce(customers.last_name, '')), '') as full_name,
        cast(null as varchar) as phone,
        cast(null as varchar) as street_address,
        cast(null as bigint) as age,
        cast(null as varchar) as income_group,
        cast(null as varchar) as segment_name
    from customers
    left join addresses
        on customers.current_address_id = addresses.address_id
    left join customer_demographics
        on customers.current_customer_demographics_id = customer_demographics.customer_demographics_id
    left join household_demographics
        on customers.current_household_demographics_id = household_demographics.household_demographics_id
    left join income_bands
        on household_demographics.income_band_id = income_bands.income_band_id
)

select * from joined
