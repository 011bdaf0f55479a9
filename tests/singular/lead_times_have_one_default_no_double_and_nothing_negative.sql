-- Stock planning takes its lead times from this file. Without a default products would have none, with a double they would be listed
-- twice, with a lead time below 0 or beyond two years orders would be nonsense. Nothing is tolerated. Who acts: whoever edited
-- seeds/lead_times.csv.
with lead_times as (
    select
        coalesce(lower({{ blank_to_null('category_name') }}), '') as category_name,
        coalesce({{ blank_to_null('warehouse_id') }}, '') as warehouse_id,
        lead_time_weeks
    from {{ ref('lead_times') }}
),

faults as (
    select
        category_name,
        warehouse_id,
        'more than one row for this category and warehouse: keep one' as fault
    from lead_times
    group by category_name, warehouse_id
    having count(*) > 1
    union all
    select
        category_name,
        warehouse_id,
        'lead_time_weeks is missing, negative or above 104' as fault
    from lead_times
    where coalesce(lead_time_weeks not between 0 and 104, true)
    union all
    select
        '' as category_name,
        '' as warehouse_id,
        'no default: add a row with category_name and warehouse_id blank' as fault
    from (
        select count(case when category_name = '' and warehouse_id = '' then 1 end) as defaults
        from lead_times
    ) as counted
    where defaults = 0
)

select * from faults
