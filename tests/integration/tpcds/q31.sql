-- Counties where web sales grew faster than store sales through three quarters. Quarters are the source's.
with sales as (
    select
        addresses.county,
        sum(case when lines.channel = 'web' and dates.source_quarter_name = '2000Q1' then lines.extended_sales_amount end) as web_1,
        sum(case when lines.channel = 'web' and dates.source_quarter_name = '2000Q2' then lines.extended_sales_amount end) as web_2,
        sum(case when lines.channel = 'web' and dates.source_quarter_name = '2000Q3' then lines.extended_sales_amount end) as web_3,
        sum(case when lines.channel = 'store' and dates.source_quarter_name = '2000Q1' then lines.extended_sales_amount end) as store_1,
        sum(case when lines.channel = 'store' and dates.source_quarter_name = '2000Q2' then lines.extended_sales_amount end) as store_2,
        sum(case when lines.channel = 'store' and dates.source_quarter_name = '2000Q3' then lines.extended_sales_amount end) as store_3
    from gold.fct_sales as lines
    inner join gold.dim_dates as dates on lines.sold_date_key = dates.date_key
    inner join gold.dim_addresses as addresses on lines.address_key = addresses.address_key
    where not addresses.is_unknown and addresses.county is not null
    group by addresses.county
)

select
    county,
    2000,
    web_2 * 1.0000 / web_1,
    store_2 * 1.0000 / store_1,
    web_3 * 1.0000 / web_2,
    store_3 * 1.0000 / store_2
from sales
where
    case when web_1 > 0 then web_2 * 1.0000 / web_1 end > case when store_1 > 0 then store_2 * 1.0000 / store_1 end
    and case when web_2 > 0 then web_3 * 1.0000 / web_2 end > case when store_2 > 0 then store_3 * 1.0000 / store_2 end
