-- Sources end on different days. What is judged by the last day of one (an order that long ago, a week without sales) must not be judged by
-- the last day of another.
with files as (
    select * from {{ ref('stg_landing__files') }}
),

filled_contracts as (
    {% for feed in feeds() %}
        {% for contract in feed.get('fills', []) %}
            select
                '{{ feed.get('names', feed.source) }}' as source_name,
                '{{ contract }}' as contract_name,
                '{{ feed.source }}' as landed_source_name,
                '{{ feed.name }}' as feed_name
            union all
        {% endfor %}
    {% endfor %}
    -- so that the list may end in union all; names no feed
    select
        '' as source_name,
        '' as contract_name,
        '' as landed_source_name,
        '' as feed_name
),

last_landed as (
    select
        filled_contracts.source_name,
        filled_contracts.contract_name,
        max(files.landed_date) as landed_date
    from filled_contracts
    left join files
        on
            filled_contracts.landed_source_name = files.source_name
            and filled_contracts.feed_name = files.feed_name
    where filled_contracts.source_name != ''
    group by filled_contracts.source_name, filled_contracts.contract_name
),

as_of as (
    select
        source_name,
        contract_name,
        {{ "cast('" ~ var('as_of_date') ~ "' as date)" if var('as_of_date') else 'landed_date' }} as as_of_date
    from last_landed
)

select * from as_of
