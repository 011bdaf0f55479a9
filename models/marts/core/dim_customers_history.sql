-- incremental, by customer: on a million customers with five versions a night costs a seventh of building them anew
-- (scripts/bench/history.py).
-- append, after a hook that deletes: a customer whom a new file names may have fewer versions than before, or none
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=["{{ forget_files() }}", "{{ delete_touched() }}"],
    post_hook=["{{ take_files(log_feeds_of_customers()) }}", "{{ take_held_extracts('ops__customers') }}"]
) }}

-- depends_on: {{ ref('stg_landing__files') }}, {{ ref('int_taken_files') }}
with versions as (
    select * from {{ ref('int_customers') }}
    {% if is_incremental() %}
    where {{ touched_customers() }}
    {% endif %}
),

members as (
    select
        -- ids
        {{ surrogate_key(['source_name', 'source_customer_id', ['changed_at', 'timestamp']]) }} as customer_key,
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
        {{ age_band('age') }} as age_band,
        income_group,
        segment_name,

        -- the version
        changed_at,
        valid_from,
        valid_to,
        held_until,

        -- flags
        valid_to = cast({{ history_ceiling() }} as timestamp) as is_current,
        is_deleted,
        false as is_unknown
    from versions
),

members_and_unknown as (
    {{ with_unknown_member('members', {
        'customer_key': unknown_key(),
        'customer_id': "'unknown'",
        'full_name': "'Unknown'",
        'valid_from': "cast(" ~ history_floor() ~ " as timestamp)",
        'valid_to': "cast(" ~ history_ceiling() ~ " as timestamp)",
        'held_until': "cast(" ~ history_ceiling() ~ " as timestamp)",
        'is_current': 'true',
        'is_deleted': 'false',
        'is_unknown': 'true'
    }) }}
)

select * from members_and_unknown
{% if is_incremental() %}
where not is_unknown
{% endif %}
