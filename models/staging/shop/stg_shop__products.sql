with landed as (
    {{ landed('shop', 'products') }}
),

trimmed as (
    select
        -- ids
        {{ blank_to_null('product_id') }} as product_id,

        -- attributes
        {{ blank_to_null('product_name') }} as product_name,
        {{ blank_to_null('category') }} as category_name,

        -- as it stood in the file
        product_id as product_id_text,
        {{ blank_to_null('price') }} as price_text,
        {{ blank_to_null('stock_quantity') }} as stock_quantity_text,
        {{ blank_to_null('updated_at') }} as updated_at_text,

        -- load metadata
        {{ landed_date() }} as landed_date,
        _file_name,
        _file_row_number,
        _loaded_at
    from landed
),

cast_from_text as (
    select
        *,
        {{ dbt.safe_cast('price_text', 'decimal(18, 2)') }} as price,
        {{ whole_number('stock_quantity_text') }} as stock_quantity,
        {{ iso_moment('updated_at_text') }} as updated_at
    from trimmed
),

checked as (
    select
        *,
        case
            when product_id is null then 'product_id is missing'
            when updated_at_text is null then 'updated_at is missing'
            when updated_at is null then 'updated_at is not a moment YYYY-MM-DD HH:MM:SS'
            when price_text is not null and price is null then 'price is not a number'
            when stock_quantity_text is not null and stock_quantity is null then 'stock_quantity is not a whole number'
            when landed_date is null then 'the path has no dt=YYYY-MM-DD'
            when not {{ in_calendar('cast(updated_at as date)') }} then 'updated_at is outside the calendar'
            when updated_at > cast({{ add_days('landed_date', 1) }} as timestamp)
                then 'updated_at is more than a day after the dt of its file'
        end as reject_reason
    from cast_from_text
)

select * from checked
