-- Days between a store sale and its return in one month, by store. The buyer and the returner are one.
select
    stores.store_name,
    cast(stores.source_company_id as bigint),
    stores.street_number,
    stores.street_name,
    stores.street_type,
    stores.suite_number,
    stores.city,
    stores.county,
    stores.state,
    stores.postal_code,
    sum(case when lines.returned_date - lines.sold_date <= 30 then 1 else 0 end),
    sum(case when lines.returned_date - lines.sold_date between 31 and 60 then 1 else 0 end),
    sum(case when lines.returned_date - lines.sold_date between 61 and 90 then 1 else 0 end),
    sum(case when lines.returned_date - lines.sold_date between 91 and 120 then 1 else 0 end),
    sum(case when lines.returned_date - lines.sold_date > 120 then 1 else 0 end)
from gold.fct_returns as lines
inner join gold.fct_sales as sold_lines on lines.sales_line_key = sold_lines.sales_line_key
inner join gold.dim_dates as dates on lines.returned_date_key = dates.date_key
inner join gold.dim_stores_history as stores on sold_lines.store_key = stores.store_key
where
    lines.channel = 'store'
    and dates.year_number = 2001
    and dates.month_number = 8
    and lines.returning_customer_id = lines.buying_customer_id
    and lines.returning_customer_id != 'unknown'
    and lines.sold_date is not null
    and not stores.is_unknown
group by
    stores.store_name, stores.source_company_id, stores.street_number, stores.street_name, stores.street_type, stores.suite_number,
    stores.city, stores.county, stores.state, stores.postal_code
