with lines as (
    select
        source_name,
        source_order_status_id,
        order_status_name
    from {{ ref('int_sales_lines') }}
    where source_order_status_id is not null
),

spellings as (
    select
        source_name,
        source_order_status_id,
        order_status_name,
        count(*) as line_count
    from lines
    group by source_name, source_order_status_id, order_status_name
),

-- the spelling that most lines have
chosen as (
    select *
    from spellings
    qualify
        row_number() over (
            partition by source_name, source_order_status_id
            order by line_count desc nulls last, order_status_name desc nulls last
        ) = 1
),

members as (
    select
        -- ids
        {{ surrogate_key(['source_name', 'source_order_status_id']) }} as order_status_key,
        source_name,
        source_order_status_id,

        -- attributes
        order_status_name,

        -- flags
        false as is_unknown
    from chosen
),

members_and_unknown as (
    {{ with_unknown_member('members', {
        'order_status_key': unknown_key(),
        'order_status_name': "'Unknown'",
        'is_unknown': 'true'
    }) }}
)

select * from members_and_unknown
