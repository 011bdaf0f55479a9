-- Store sales by weekday against the week 52 later; one row per day of both weeks in its year, as in the original.
with weekly as (
    select
        dates.source_week_sequence as week,
        stores.store_code,
        stores.store_name,
        sum(case when dates.day_name = 'Sunday' then lines.unit_sales_price end) as sunday,
        sum(case when dates.day_name = 'Monday' then lines.unit_sales_price end) as monday,
        sum(case when dates.day_name = 'Tuesday' then lines.unit_sales_price end) as tuesday,
        sum(case when dates.day_name = 'Wednesday' then lines.unit_sales_price end) as wednesday,
        sum(case when dates.day_name = 'Thursday' then lines.unit_sales_price end) as thursday,
        sum(case when dates.day_name = 'Friday' then lines.unit_sales_price end) as friday,
        sum(case when dates.day_name = 'Saturday' then lines.unit_sales_price end) as saturday
    from gold.fct_sales as lines
    inner join gold.dim_dates as dates on lines.sold_date_key = dates.date_key
    inner join gold.dim_stores_history as stores on lines.store_key = stores.store_key
    where lines.channel = 'store' and not dates.is_unknown and not stores.is_unknown
    group by dates.source_week_sequence, stores.store_key, stores.store_code, stores.store_name
)

select
    this_year.store_name,
    this_year.store_code,
    this_year.week,
    this_year.sunday / next_year.sunday,
    this_year.monday / next_year.monday,
    this_year.tuesday / next_year.tuesday,
    this_year.wednesday / next_year.wednesday,
    this_year.thursday / next_year.thursday,
    this_year.friday / next_year.friday,
    this_year.saturday / next_year.saturday
from weekly as this_year
inner join weekly as next_year on this_year.store_code = next_year.store_code and this_year.week = next_year.week - 52
inner join gold.dim_dates as this_days
    on this_year.week = this_days.source_week_sequence and this_days.source_month_sequence between 1212 and 1223
inner join gold.dim_dates as next_days
    on next_year.week = next_days.source_week_sequence and next_days.source_month_sequence between 1224 and 1235
