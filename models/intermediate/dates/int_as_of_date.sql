with files as (
    select * from {{ ref('stg_landing__files') }}
),

last_landed as (
    select max(landed_date) as landed_date
    from files
),

as_of as (
    select {{ "cast('" ~ var('as_of_date') ~ "' as date)" if var('as_of_date') else 'landed_date' }} as as_of_date
    from last_landed
)

select * from as_of
