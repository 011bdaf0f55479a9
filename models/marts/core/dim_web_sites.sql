with current_rows as (
    {{ current_state(ref('stg_ops__web_sites'), ['web_site_id']) }}
),

named as (
    select
        *,
        coalesce(web_site_code, cast(web_site_id as varchar)) as durable_id
    from current_rows
),

starts as (
    select
        *,
        {{ version_start('durable_id', 'web_site_id') }} as starts_on
    from named
),

members as (
    select
        -- ids
        {{ surrogate_key(["'ops'", ['web_site_id', 'integer']]) }} as web_site_key,
        'ops:' || durable_id as web_site_id,
        'ops' as source_name,
        cast(web_site_id as varchar) as source_web_site_id,
        web_site_code,
        cast(market_id as varchar) as source_market_id,
        cast(company_id as varchar) as source_company_id,

        -- attributes
        web_site_name,
        web_site_class,
        manager_name,
        market_class,
        market_description,
        market_manager_name,
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
        {{ valid_from('durable_id', 'starts_on', 'web_site_id') }} as valid_from,
        {{ valid_to('durable_id', 'starts_on', 'web_site_id') }} as valid_to,

        -- flags
        row_number() over (
            partition by durable_id order by starts_on desc nulls last, web_site_id desc nulls last
        ) = 1 as is_current,
        false as is_unknown
    from starts
),

members_and_unknown as (
    {{ with_unknown_member('members', {
        'web_site_key': unknown_key(),
        'web_site_id': "'unknown'",
        'web_site_name': "'Unknown'",
        'valid_from': "cast(" ~ history_floor() ~ " as timestamp)",
        'valid_to': "cast(" ~ history_ceiling() ~ " as timestamp)",
        'is_current': 'true',
        'is_unknown': 'true'
    }) }}
)

select * from members_and_unknown
