-- a table: every value is text that is parsed, and three models read it; incremental, by file: a night parses the new files
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=["{{ forget_files() }}", "{{ delete_rows_of_files('_file_name', [['inventory', 'inventory']]) }}"],
    post_hook="{{ take_files([['inventory', 'inventory']]) }}"
) }}

-- depends_on: {{ ref('stg_landing__files') }}, {{ ref('int_taken_files') }}
{% set names = new_names([['inventory', 'inventory']]) %}

with landed as (
    {{ newly_landed('inventory', 'inventory', names) }}
),

trimmed as (
    select
        {{ blank_to_null('inv_item_sk') }} as item_text,
        {{ blank_to_null('inv_warehouse_sk') }} as warehouse_text,
        {{ blank_to_null('inv_quantity_on_hand') }} as quantity_text,
        {{ blank_to_null('inv_date') }} as date_text,
        {{ landed_date() }} as landed_date,
        _file_name,
        _file_row_number,
        _loaded_at
    from landed
),

renamed as (
    select
        -- ids
        {{ whole_number('item_text') }} as item_id,
        {{ whole_number('warehouse_text') }} as warehouse_id,

        -- quantities
        {{ whole_number('quantity_text') }} as on_hand_quantity,

        -- dates and times
        {{ iso_date('date_text') }} as count_date,

        -- as it stood in the file, for whoever has to correct it
        item_text,
        warehouse_text,
        quantity_text,
        date_text,

        -- load metadata
        landed_date,
        _file_name,
        _file_row_number,
        _loaded_at
    from trimmed
),

checked as (
    select
        *,
        case
            when item_text is null then 'inv_item_sk is missing'
            when item_id is null then 'inv_item_sk is not a whole number'
            when warehouse_text is null then 'inv_warehouse_sk is missing'
            when warehouse_id is null then 'inv_warehouse_sk is not a whole number'
            when date_text is null then 'inv_date is missing'
            when count_date is null then 'inv_date is not a date YYYY-MM-DD'
            when quantity_text is not null and on_hand_quantity is null then 'inv_quantity_on_hand is not a whole number'
            when landed_date is null then 'the path has no dt=YYYY-MM-DD'
            when not {{ in_calendar('count_date') }} then 'inv_date is outside the calendar'
        end as reject_reason
    from renamed
)

select * from checked
