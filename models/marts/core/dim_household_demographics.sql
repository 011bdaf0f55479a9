with household_demographics as (
    {{ current_state(ref('stg_ops__household_demographics'), ['household_demographics_id']) }}
),

income_bands as (
    {{ current_state(ref('stg_ops__income_bands'), ['income_band_id']) }}
),

members as (
    select
        -- ids
        {{ surrogate_key(["'ops'", ['household_demographics.household_demographics_id', 'integer']]) }} as household_demographics_key,
        'ops:' || cast(household_demographics.household_demographics_id as varchar) as household_demographics_id,
        'ops' as source_name,
        cast(household_demographics.household_demographics_id as varchar) as source_household_demographics_id,
        cast(household_demographics.income_band_id as varchar) as source_income_band_id,

        -- attributes
        household_demographics.buy_potential,
        household_demographics.household_dependent_count,
        household_demographics.household_vehicle_count,
        income_bands.income_lower_bound_amount,
        income_bands.income_upper_bound_amount,

        -- flags
        false as is_unknown
    from household_demographics
    left join income_bands
        on household_demographics.income_band_id = income_bands.income_band_id
),

members_and_unknown as (
    {{ with_unknown_member('members', {
        'household_demographics_key': unknown_key(),
        'household_demographics_id': "'unknown'",
        'is_unknown': 'true'
    }) }}
)

select * from members_and_unknown
