with numbers as (
    {{ dbt.generate_series(16801) }}
),

days as (
    select {{ add_days("date '" ~ calendar_start() ~ "'", 'cast(generated_number - 1 as integer)') }} as date_day
    from numbers
)

select * from days
