with last_states as (
    -- as last seen, closed ones too: facts name them
    select * exclude (changed_at, valid_from, valid_to)
    from ({{ kept_versions('ops__stores') }}) as kept
    where held_until = cast({{ history_ceiling() }} as timestamp)
),

calendar as (
    select * from {{ ref('base_ops__calendar') }}
),

named as (
    select
        last_states.*,
        closed_calendar.date_day as closed_date,
        coalesce(last_states.store_code, cast(last_states.store_id as varchar)) as durable_id
    from last_states
    left join calendar as closed_calendar
        on last_states.closed_date_id = closed_calendar.date_id
),

starts as (
    select
        *,
        {{ version_start('durable_id', 'store_id') }} as starts_on
    from named
),

members as (
    select
        -- ids
        {{ surrogate_key(["'ops'", ['store_id', 'integer']]) }} as store_key,
        'ops:' || durable_id as store_id,
        'ops' as source_name,
        cast(store_id as varchar) as source_store_id,
        store_code,
        cast(market_id as varchar) as source_market_id,
        cast(division_id as varchar) as source_division_id,
        cast(company_id as varchar) as source_company_id,

        -- keys of other dimensions
        coalesce({{ location_key('city', 'state', 'postal_code', 'country') }}, {{ unknown_key() }}) as location_key,

        -- attributes
        store_name,
        employee_count,
        floor_space_square_feet,
        opening_hours,
        manager_name,
        geography_class,
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
        closed_date,
        {{ valid_from('durable_id', 'starts_on', 'store_id') }} as valid_from,
        {{ valid_to('durable_id', 'starts_on', 'store_id') }} as valid_to,

        -- flags
        row_number() over (
            partition by durable_id order by starts_on desc nulls last, store_id desc nulls last
        ) = 1 as is_current,
        is_deleted,
        false as is_unknown
    from starts
),

members_and_unknown as (
    {{ with_unknown_member('members', {
        'store_key': unknown_key(),
        'store_id': "'unknown'",
        'store_name': "'Unknown'",
        'valid_from': "cast(" ~ history_floor() ~ " as timestamp)",
        'valid_to': "cast(" ~ history_ceiling() ~ " as timestamp)",
        'is_current': 'true',
        'is_deleted': 'false',
        'location_key': unknown_key(),
        'is_unknown': 'true'
    }) }}
)

select * from members_and_unknown
