-- The question of weekly_store_sales_against_year_before asked of the tables as they landed. The first day of a week is worked out from the
-- number of the weekday (0 is Sunday), and a store is one under all its keys.
with sold as (
    select
        'ops:' || trim(store.s_store_id) as store_id,
        date_dim.d_date - cast(date_dim.d_dow as integer) as week_start_date,
        coalesce(store_sales.ss_sales_price * store_sales.ss_quantity, store_sales.ss_ext_sales_price) as amount
    from {{ source('ops', 'store_sales') }} as store_sales
    inner join {{ source('ops', 'date_dim') }} as date_dim on store_sales.ss_sold_date_sk = date_dim.d_date_sk
    inner join {{ source('ops', 'store') }} as store on store_sales.ss_store_sk = store.s_store_sk
    where coalesce(store_sales.ss_quantity, 0) >= 0
),

weekly as (
    select
        store_id,
        cast(week_start_date as date) as week_start_date,
        sum(amount) as amount
    from sold
    group by store_id, cast(week_start_date as date)
),

newest_store as (
    select
        'ops:' || trim(s_store_id) as store_id,
        nullif(trim(s_store_name), '') as store_name
    from {{ source('ops', 'store') }}
    qualify row_number() over (partition by s_store_id order by s_store_sk desc) = 1
)

select
    weekly.week_start_date,
    weekly.store_id,
    newest_store.store_name,
    weekly.amount,
    year_before.amount as amount_year_before,
    cast(weekly.amount / nullif(year_before.amount, 0) - 1 as decimal(18, 4)) as change
from weekly
inner join newest_store on weekly.store_id = newest_store.store_id
left join weekly as year_before
    on
        weekly.store_id = year_before.store_id
        and weekly.week_start_date = year_before.week_start_date + 364
where weekly.week_start_date between date '2002-01-01' and date '2002-12-25'
order by weekly.week_start_date, weekly.store_id
