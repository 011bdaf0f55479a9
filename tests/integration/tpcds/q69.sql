-- Demographics of customers in three states who bought in stores in a spring but neither on the web nor received from the catalog.
with purchases as (
    select
        case when lines.channel = 'catalog' then lines.ship_customer_id else lines.customer_id end as customer_id,
        max(case when lines.channel = 'store' then 1 else 0 end) as has_store_sales,
        max(case when lines.channel != 'store' then 1 else 0 end) as has_other_sales
    from gold.fct_sales as lines
    inner join gold.dim_dates as dates on lines.sold_date_key = dates.date_key
    where lines.source_name = 'ops' and dates.year_number = 2001 and dates.month_number between 4 and 6
    group by 1
)

select
    customers.gender,
    customers.marital_status,
    customers.education_status,
    count(*),
    customers.purchase_estimate_amount,
    count(*),
    customers.credit_rating,
    count(*)
from gold.dim_customers as customers
inner join purchases on customers.customer_id = purchases.customer_id
where
    customers.state in ('KY', 'GA', 'NM')
    and customers.source_current_customer_demographics_id is not null
    and purchases.has_store_sales = 1
    and purchases.has_other_sales = 0
group by
    customers.gender, customers.marital_status, customers.education_status, customers.purchase_estimate_amount, customers.credit_rating
