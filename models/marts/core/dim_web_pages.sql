with current_rows as (
    {{ current_state(ref('stg_ops__web_pages'), ['web_page_id']) }}
),

named as (
    select
        *,
        coalesce(web_page_code, cast(web_page_id as varchar)) as durable_id
    from current_rows
),

starts as (
    select
        *,
        {{ version_start('durable_id', 'web_page_id') }} as starts_on
    from named
),

members as (
    select
        -- ids
        {{ surrogate_key(["'ops'", ['web_page_id', 'integer']]) }} as web_page_key,
        'ops:' || durable_id as web_page_id,
        'ops' as source_name,
        cast(web_page_id as varchar) as source_web_page_id,
        web_page_code,
        cast(customer_id as varchar) as source_customer_id,

        -- attributes
        is_generated,
        url,
        web_page_type,
        character_count,
        link_count,
        image_count,
        maximum_ad_count,

        -- dates and times
        version_start_date,
        version_end_date,
        creation_date,
        access_date,
        {{ valid_from('durable_id', 'starts_on', 'web_page_id') }} as valid_from,
        {{ valid_to('durable_id', 'starts_on', 'web_page_id') }} as valid_to,

        -- flags
        row_number() over (
            partition by durable_id order by starts_on desc nulls last, web_page_id desc nulls last
        ) = 1 as is_current,
        false as is_unknown
    from starts
),

members_and_unknown as (
    {{ with_unknown_member('members', {
        'web_page_key': unknown_key(),
        'web_page_id': "'unknown'",
        'url': "'Unknown'",
        'valid_from': "cast(" ~ history_floor() ~ " as timestamp)",
        'valid_to': "cast(" ~ history_ceiling() ~ " as timestamp)",
        'is_current': 'true',
        'is_unknown': 'true'
    }) }}
)

select * from members_and_unknown
