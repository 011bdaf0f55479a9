with transactions as (
    {{ counted_rows(ref('stg_marketplace__transactions')) }}
),

given as (
    select
        -- ids
        'marketplace' as source_name,
        'marketplace' as channel,
        row_key as order_id,
        '1' as line_id,

        -- feedback
        rating,
        feedback_text
    from transactions
    where
        rating is not null
        or feedback_text is not null
)

select * from given
