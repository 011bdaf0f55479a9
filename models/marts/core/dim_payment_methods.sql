with lines as (
    select
        source_name,
        source_payment_method_id,
        payment_method_name
    from {{ ref('int_sales_lines') }}
    where source_payment_method_id is not null
),

spellings as (
    select
        source_name,
        source_payment_method_id,
        payment_method_name,
        count(*) as line_count
    from lines
    group by source_name, source_payment_method_id, payment_method_name
),

-- the spelling that most lines have
chosen as (
    select *
    from spellings
    qualify
        row_number() over (
            partition by source_name, source_payment_method_id
            order by line_count desc nulls last, payment_method_name desc nulls last
        ) = 1
),

members as (
    select
        -- ids
        {{ surrogate_key(['source_name', 'source_payment_method_id']) }} as payment_method_key,
        source_name,
        source_payment_method_id,

        -- attributes
        payment_method_name,

        -- flags
        false as is_unknown
    from chosen
),

members_and_unknown as (
    {{ with_unknown_member('members', {
        'payment_method_key': unknown_key(),
        'payment_method_name': "'Unknown'",
        'is_unknown': 'true'
    }) }}
)

select * from members_and_unknown
