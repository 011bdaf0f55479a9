-- Catalog and web sales by weekday of each week of 2001 against the week 53 later; one row per day of both weeks in its year, as in
-- the original.
with weekly as (
    select
        dates.source_week_sequence as week,
        sum(case when dates.day_name = 'Sunday' then lines.extended_sales_amount end) as sunday,
        sum(case when dates.day_name = 'Monday' then lines.extended_sales_amount end) as monday,
        sum(case when dates.day_name = 'Tuesday' then lines.extended_sales_amount end) as tuesday,
        sum(case when dates.day_name = 'Wednesday' then lines.extended_sales_amount end) as wednesday,
        sum(case when dates.day_name = 'Thursday' then lines.extended_sales_amount end) as thursday,
        sum(case when dates.day_name = 'Friday' then lines.extended_sales_amount end) as friday,
        sum(case when dates.day_name = 'Saturday' then lines.extended_sales_amount end) as saturday
    from gold.fct_sales as lines
    inner join gold.dim_dates as dates on lines.sold_date_key = dates.date_key
    where lines.channel in ('catalog', 'web') and not dates.is_unknown
    group by dates.source_week_sequence
)

select
    this_year.week,
    round(this_year.sunday / next_year.sunday, 2),
    round(this_year.monday / next_year.monday, 2),
    round(this_year.tuesday / next_year.tuesday, 2),
    round(this_year.wednesday / next_year.wednesday, 2),
    round(this_year.thursday / next_year.thursday, 2),
    round(this_year.friday / next_year.friday, 2),
    round(this_year.saturday / next_year.saturday, 2)
from weekly as this_year
inner join weekly as next_year on this_year.week = next_year.week - 53
inner join gold.dim_dates as this_days on this_year.week = this_days.source_week_sequence and this_days.year_number = 2001
inner join gold.dim_dates as next_days on next_year.week = next_days.source_week_sequence and next_days.year_number = 2002
