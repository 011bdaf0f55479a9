-- a table: every value is text that is parsed, and three models read it; incremental, by file: a night parses the new files
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=["{{ forget_files() }}", "{{ delete_rows_of_files('_file_name', [['shop', 'orders']]) }}"],
    post_hook="{{ take_files([['shop', 'orders']]) }}"
) }}

-- depends_on: {{ ref('stg_landing__files') }}, {{ ref('int_taken_files') }}
{% set names = new_names([['shop', 'orders']]) %}

with landed as (
    {{ newly_landed('shop', 'orders', names) }}
),

trimmed as (
    select
        -- ids
        {{ blank_to_null('order_id') }} as order_id,
        {{ blank_to_null('line_number') }} as line_number_text,
        {{ blank_to_null('customer_id') }} as customer_id,
        {{ blank_to_null('product_id') }} as product_id,

        -- as it stood in the file
        {{ blank_to_null('quantity') }} as quantity_text,
        {{ blank_to_null('unit_price') }} as unit_price_text,
        {{ blank_to_null('total_amount') }} as total_amount_text,
        {{ blank_to_null('ordered_at') }} as ordered_at_text,

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
        {{ whole_number('line_number_text') }} as line_number,
        {{ whole_number('quantity_text') }} as quantity,
        {{ dbt.safe_cast('unit_price_text', 'decimal(18, 2)') }} as unit_price,
        {{ dbt.safe_cast('total_amount_text', 'decimal(18, 2)') }} as total_amount,
        {{ iso_moment('ordered_at_text') }} as ordered_at
    from trimmed
),

checked as (
    select
        *,
        case
            when order_id is null then 'order_id is missing'
            when line_number_text is null then 'line_number is missing'
            when line_number is null then 'line_number is not a whole number'
            when quantity_text is not null and quantity is null then 'quantity is not a whole number'
            when unit_price_text is not null and unit_price is null then 'unit_price is not a number'
            when total_amount_text is not null and total_amount is null then 'total_amount is not a number'
            when ordered_at_text is not null and ordered_at is null then 'ordered_at is not a moment YYYY-MM-DD HH:MM:SS'
            when landed_date is null then 'the path has no dt=YYYY-MM-DD'
            when not {{ in_calendar('cast(ordered_at as date)') }} then 'ordered_at is outside the calendar'
        end as reject_reason
    from cast_from_text
)

select * from checked
