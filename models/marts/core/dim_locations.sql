with places as (
    select
        location_key,
        city,
        county,
        state,
        postal_code,
        country
    from {{ ref('dim_addresses') }}
    where not is_unknown
    union all
    select
        location_key,
        city,
        county,
        state,
        postal_code,
        country
    from {{ ref('dim_stores_history') }}
    where not is_unknown
    union all
    select
        {{ location_key('location_city', 'location_state', 'location_postal_code', 'location_country') }} as location_key,
        location_city as city,
        cast(null as varchar) as county,
        location_state as state,
        location_postal_code as postal_code,
        location_country as country
    from {{ ref('int_sales_lines') }}
),

spellings as (
    select
        location_key,
        city,
        max(county) as county,
        state,
        postal_code,
        country,
        count(*) as place_count
    from places
    where
        location_key is not null
        and location_key != {{ unknown_key() }}
    group by location_key, city, state, postal_code, country
),

-- the spelling that most rows have
chosen as (
    select *
    from spellings
    qualify
        row_number() over (
            partition by location_key
            order by
                place_count desc nulls last,
                city desc nulls last,
                state desc nulls last,
                postal_code desc nulls last,
                country desc nulls last
        ) = 1
),

members as (
    select
        -- ids
        location_key,

        -- attributes
        coalesce(city, postal_code, state, country) as location_name,
        city,
        county,
        state,
        postal_code,
        country,

        -- flags
        false as is_unknown
    from chosen
),

members_and_unknown as (
    {{ with_unknown_member('members', {
        'location_key': unknown_key(),
        'location_name': "'Unknown'",
        'is_unknown': 'true'
    }) }}
)

select * from members_and_unknown
