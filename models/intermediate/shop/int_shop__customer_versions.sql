-- delete+insert, not merge: all versions of a customer with new rows are made anew, and there may be fewer than before
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='customer_id',
    on_schema_change='fail',
    pre_hook="{{ forget_files() }}",
    post_hook="{{ take_files([['shop', 'customers']]) }}"
) }}

-- depends_on: {{ ref('stg_landing__files') }}, {{ ref('int_taken_files') }}
with customers as (
    select *
    from {{ ref('stg_shop__customers') }}
    {% if is_incremental() %}
    -- all rows of the customers whom a new file names, old ones too; by the id as it stood in the file, which the engine can filter before
    -- staging parses the rows: a seventh of the time
    where customer_id_text in (
        select spelled.customer_id_text
        from {{ ref('stg_shop__customers') }} as spelled
        where spelled.customer_id in (
            select named.customer_id
            from {{ ref('stg_shop__customers') }} as named
            where named._file_name in ({{ new_files([['shop', 'customers']]) }})
        )
    )
    {% endif %}
),

-- of several rows with one moment the last counts
changes as (
    {{ latest_rows('customers', ['customer_id', 'updated_at']) }}
),

versions as (
    {{ versions_of_changes('changes', 'customer_id', [
        'first_name', 'last_name', 'company_name', 'email', 'phone', 'address_line_1', 'address_line_2', 'city', 'state', 'postal_code',
        'country', 'territory'
    ], "operation = 'D'") }}
),

final as (
    select
        -- ids
        customer_id,

        -- attributes
        first_name,
        last_name,
        company_name,
        email,
        phone,
        address_line_1,
        address_line_2,
        city,
        state,
        postal_code,
        country,
        territory,
        registration_date,

        -- dates and times
        updated_at,
        valid_from,
        valid_to,
        held_until,

        -- flags
        is_deletion,
        is_deleted
    from versions
)

select * from final
