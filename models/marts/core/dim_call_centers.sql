with current_rows as (
    {{ current_state(ref('stg_ops__call_centers'), ['call_center_id']) }}
),

named as (
    select
        *,
        coalesce(call_center_code, cast(call_center_id as varchar)) as durable_id
    from current_rows
),

starts as (
    select
        *,
        {{ version_start('durable_id', 'call_center_id') }} as starts_on
    from named
),

members as (
    select
        -- ids
        {{ surrogate_key(["'ops'", ['call_center_id', 'integer']]) }} as call_center_key,
        'ops:' || durable_id as call_center_id,
        'ops' as source_name,
        cast(call_center_id as varchar) as source_call_center_id,
        call_center_code,
        cast(market_id as varchar) as source_market_id,
        cast(division_id as varchar) as source_division_id,
        cast(company_id as varchar) as source_company_id,

        -- attributes
        call_center_name,
        call_center_class,
        employee_count,
        floor_space_square_feet,
        opening_hours,
        manager_name,
        market_class,
        market_description,
        market_manager_name,
        division_name,
        company_name,
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
        tax_rate,

        -- dates and times
        version_start_date,
        version_end_date,
        opened_date,
        closed_date,
        {{ valid_from('durable_id', 'starts_on', 'call_center_id') }} as valid_from,
        {{ valid_to('durable_id', 'starts_on', 'call_center_id') }} as valid_to,

        -- flags
        row_number() over (
            partition by durable_id order by starts_on desc nulls last, call_center_id desc nulls last
        ) = 1 as is_current,
        false as is_unknown
    from starts
),

members_and_unknown as (
    {{ with_unknown_member('members', {
        'call_center_key': unknown_key(),
        'call_center_id': "'unknown'",
        'call_center_name': "'Unknown'",
        'valid_from': "cast(" ~ history_floor() ~ " as timestamp)",
        'valid_to': "cast(" ~ history_ceiling() ~ " as timestamp)",
        'is_current': 'true',
        'is_unknown': 'true'
    }) }}
)

select * from members_and_unknown
