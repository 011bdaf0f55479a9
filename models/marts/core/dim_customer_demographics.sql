with current_rows as (
    {{ current_state(ref('stg_ops__customer_demographics'), ['customer_demographics_id']) }}
),

members as (
    select
        -- ids
        {{ surrogate_key(["'ops'", ['customer_demographics_id', 'integer']]) }} as customer_demographics_key,
        'ops:' || cast(customer_demographics_id as varchar) as customer_demographics_id,
        'ops' as source_name,
        cast(customer_demographics_id as varchar) as source_customer_demographics_id,

        -- attributes
        gender,
        marital_status,
        education_status,
        purchase_estimate_amount,
        credit_rating,
        dependent_count,
        employed_dependent_count,
        college_dependent_count,

        -- flags
        false as is_unknown
    from current_rows
),

members_and_unknown as (
    {{ with_unknown_member('members', {
        'customer_demographics_key': unknown_key(),
        'customer_demographics_id': "'unknown'",
        'is_unknown': 'true'
    }) }}
)

select * from members_and_unknown
