-- a table, since every staging model that has a date reads it
{{ config(materialized='table') }}

with landed as (
    {{ landed('ops', 'date_dim') }}
),

renamed as (
    select
        d_date_sk as date_id,
        d_date as date_day,
        {{ landed_date() }} as landed_date,
        _file_name,
        _file_row_number,
        _loaded_at
    from landed
),

newest as (
    select *
    from renamed
    qualify landed_date = max(landed_date) over ()
),

one_row_a_day as (
    select
        date_id,
        date_day
    from newest
    where date_id is not null
    qualify
        row_number() over (
            partition by date_id
            order by _file_name desc nulls last, _file_row_number desc nulls last, _loaded_at desc nulls last
        ) = 1
)

select * from one_row_a_day
