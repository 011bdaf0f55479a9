-- Store lines by half hour from 8:30 to 12:30, for some households.
with half_hours as (
    select times.hour_number * 2 + times.minute_number // 30 as half_hour
    from gold.fct_sales as lines
    inner join gold.dim_times as times on lines.sold_time_key = times.time_key
    inner join gold.dim_stores_history as stores on lines.store_key = stores.store_key
    inner join gold.dim_household_demographics as households on lines.household_demographics_key = households.household_demographics_key
    where
        lines.channel = 'store'
        and stores.store_name = 'ought'
        and households.household_dependent_count in (4, 2, 0)
        and households.household_vehicle_count <= households.household_dependent_count + 2
)

select
    count(case when half_hour = 17 then 1 end),
    count(case when half_hour = 18 then 1 end),
    count(case when half_hour = 19 then 1 end),
    count(case when half_hour = 20 then 1 end),
    count(case when half_hour = 21 then 1 end),
    count(case when half_hour = 22 then 1 end),
    count(case when half_hour = 23 then 1 end),
    count(case when half_hour = 24 then 1 end)
from half_hours
