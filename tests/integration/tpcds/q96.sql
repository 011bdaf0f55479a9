-- Store lines late in the evening of households with many dependents.
select count(*)
from gold.fct_sales as lines
inner join gold.dim_times as times on lines.sold_time_key = times.time_key
inner join gold.dim_household_demographics as households on lines.household_demographics_key = households.household_demographics_key
inner join gold.dim_stores_history as stores on lines.store_key = stores.store_key
where
    lines.channel = 'store'
    and times.hour_number = 20
    and times.minute_number >= 30
    and households.household_dependent_count = 7
    and stores.store_name = 'ought'
