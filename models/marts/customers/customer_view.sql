-- a view: as wide as the dimension, and as fresh
{{ config(materialized='view') }}

with customers as (
    select * from {{ ref('dim_customers') }}
),

versions as (
    select * from {{ ref('dim_customers_history') }}
),

histories as (
    select
        customer_id,
        count(*) as version_count,
        min(changed_at) as first_changed_at,
        max(changed_at) as last_changed_at
    from versions
    group by customer_id
),

flat as (
    select
        -- customer
        customers.customer_id,
        customers.source_name,
        customers.customer_code,
        customers.full_name,
        customers.company_name,
        customers.email,
        customers.phone,

        -- address
        coalesce(
            customers.street_address,
            -- a part of an address is none
            case
                when customers.street_number is not null and customers.street_name is not null
                    then trim(
                            customers.street_number || ' ' || customers.street_name || ' ' || coalesce(customers.street_type, '') || ' '
                            || coalesce(customers.suite_number, '')
                        )
            end
        ) as street_address,
        customers.city,
        customers.county,
        customers.state,
        customers.postal_code,
        customers.country,
        customers.territory,
        customers.location_type,

        -- person
        customers.is_preferred_customer,
        customers.birth_year,
        customers.birth_country,
        customers.age_band,
        customers.gender,
        customers.marital_status,
        customers.education_status,
        customers.credit_rating,
        customers.purchase_estimate_amount,
        customers.income_group,
        customers.segment_name,

        -- household
        customers.buy_potential,
        customers.household_dependent_count,
        customers.household_vehicle_count,
        customers.income_lower_bound_amount,
        customers.income_upper_bound_amount,

        -- dates and times
        customers.registration_date,
        customers.first_sales_date,
        customers.last_review_date,

        -- history
        histories.version_count,
        histories.first_changed_at,
        histories.last_changed_at,

        -- flags
        customers.is_deleted,
        customers.is_unknown
    from customers
    inner join histories
        on customers.customer_id = histories.customer_id
)

select * from flat
