with landed as (
    {{ landed('shop', 'customers') }}
),

trimmed as (
    select
        -- ids
        {{ blank_to_null('customer_id') }} as customer_id,

        -- attributes
        {{ blank_to_null('first_name') }} as first_name,
        {{ blank_to_null('last_name') }} as last_name,
        {{ blank_to_null('company_name') }} as company_name,
        {{ blank_to_null('email') }} as email,
        {{ blank_to_null('phone') }} as phone,
        {{ blank_to_null('address_line_1') }} as address_line_1,
        {{ blank_to_null('address_line_2') }} as address_line_2,
        {{ blank_to_null('city') }} as city,
        {{ blank_to_null('state') }} as state,
        {{ blank_to_null('postal_code') }} as postal_code,
        {{ blank_to_null('country') }} as country,
        {{ blank_to_null('territory') }} as territory,

        -- the change
        {{ blank_to_null('op') }} as operation,

        -- as it stood in the file
        customer_id as customer_id_text,
        {{ blank_to_null('registration_date') }} as registration_date_text,
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
        {{ iso_date('registration_date_text') }} as registration_date,
        {{ iso_moment('updated_at_text') }} as updated_at
    from trimmed
),

checked as (
    select
        *,
        case
            when customer_id is null then 'customer_id is missing'
            when operation is null then 'op is missing'
            when operation not in ('I', 'U', 'D') then 'op is none of I, U, D'
            when updated_at_text is null then 'updated_at is missing'
            when updated_at is null then 'updated_at is not a moment YYYY-MM-DD HH:MM:SS'
            when registration_date_text is not null and registration_date is null then 'registration_date is not a date YYYY-MM-DD'
            when landed_date is null then 'the path has no dt=YYYY-MM-DD'
            when not {{ in_calendar('cast(updated_at as date)') }} then 'updated_at is outside the calendar'
            when updated_at > cast({{ add_days('landed_date', 1) }} as timestamp)
                then 'updated_at is more than a day after the dt of its file'
        end as reject_reason
    from cast_from_text
)

select * from checked
