-- Web lines in the morning for one in the evening, on pages of some length, received by households of some size.
with counted as (
    select
        count(case when times.hour_number between 8 and 9 then 1 end) as morning,
        count(case when times.hour_number between 19 and 20 then 1 end) as evening
    from gold.fct_sales as lines
    inner join gold.dim_times as times on lines.sold_time_key = times.time_key
    inner join gold.dim_web_pages as web_pages on lines.web_page_key = web_pages.web_page_key
    inner join gold.dim_household_demographics as households
        on lines.ship_household_demographics_key = households.household_demographics_key
    where lines.channel = 'web' and households.household_dependent_count = 6 and web_pages.character_count between 1500 and 2600
)

select case when evening != 0 then cast(morning as decimal(15, 4)) / cast(evening as decimal(15, 4)) end
from counted
