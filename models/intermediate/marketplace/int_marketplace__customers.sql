with transactions as (
    select *
    from {{ ref('stg_marketplace__transactions') }}
    where
        reject_reason is null
        and customer_id is not null
),

newest as (
    select *
    from transactions
    qualify {{ newest_row('customer_id') }}
),

conformed as (
    select
        'marketplace' as source_name,
        customer_id as source_customer_id,
        customer_id as customer_code,
        cast(null as varchar) as source_current_address_id,
        cast(null as varchar) as source_current_customer_demographics_id,
        cast(null as varchar) as source_current_household_demographics_id,
        cast(null as varchar) as salutation,
        cast(null as varchar) as first_name,
        cast(null as varchar) as last_name,
        cast(null as boolean) as is_preferred_customer,
        cast(null as bigint) as birth_day,
        cast(null as bigint) as birth_month,
        cast(null as bigint) as birth_year,
        cast(null as varchar) as birth_country,
        cast(null as varchar) as login,
        email,
        cast(null as varchar) as street_number,
        cast(null as varchar) as street_name,
        cast(null as varchar) as street_type,
        cast(null as varchar) as suite_number,
        city,
        cast(null as varchar) as county,
        state,
        postal_code,
        country,
        cast(null as decimal(5, 2)) as gmt_offset_hours,
        cast(null as varchar) as location_type,
        gender,
        cast(null as varchar) as marital_status,
        cast(null as varchar) as education_status,
        cast(null as bigint) as purchase_estimate_amount,
        cast(null as varchar) as credit_rating,
        cast(null as bigint) as dependent_count,
        cast(null as bigint) as employed_dependent_count,
        cast(null as bigint) as college_dependent_count,
        cast(null as varchar) as buy_potential,
        cast(null as bigint) as household_dependent_count,
        cast(null as bigint) as household_vehicle_count,
        cast(null as bigint) as income_lower_bound_amount,
        cast(null as bigint) as income_upper_bound_amount,
        cast(null as date) as first_shipto_date,
        cast(null as date) as first_sales_date,
        cast(null as date) as last_review_date,
        customer_name as full_name,
        phone,
        street_address,
        age,
        income_group,
        segment_name
    from newest
)

select * from conformed
