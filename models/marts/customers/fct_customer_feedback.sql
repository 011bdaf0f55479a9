with feedback as (
    select
        *,
        {{ surrogate_key(['source_name', 'channel', 'order_id', 'line_id']) }} as sales_line_key
    from {{ ref('int_marketplace__customer_feedback') }}
),

lines as (
    select * from {{ ref('fct_sales') }}
),

scored as (
    select
        *,
        case lower(feedback_text)
            when 'bad' then 1
            when 'average' then 2
            when 'good' then 3
            when 'excellent' then 4
        end as feedback_score
    from feedback
),

joined as (
    select
        -- ids
        scored.sales_line_key,
        scored.source_name,

        -- keys of the dimensions, as of the sale
        lines.sold_date_key,
        lines.customer_key,
        lines.customer_id,
        lines.product_key,
        lines.product_id,
        lines.location_key,

        -- feedback
        scored.rating,
        scored.feedback_text,
        cast(scored.feedback_score as bigint) as feedback_score,

        -- flags
        coalesce(
            (scored.rating <= 2 and scored.feedback_score >= 3) or (scored.rating >= 4 and scored.feedback_score <= 1), false
        ) as is_contradictory
    from scored
    inner join lines
        on scored.sales_line_key = lines.sales_line_key
)

select * from joined
