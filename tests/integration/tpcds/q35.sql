-- Dependents of customers who bought in a store and also on the web or, as receivers, from the catalog. Quarters are the source's.
with purchases as (
    select
        case when lines.channel = 'catalog' then lines.ship_customer_id else lines.customer_id end as customer_id,
        max(case when lines.channel = 'store' then 1 else 0 end) as has_store_sales,
        max(case when lines.channel != 'store' then 1 else 0 end) as has_other_sales
    from gold.fct_sales as lines
    inner join gold.dim_dates as dates on lines.sold_date_key = dates.date_key
    where lines.source_name = 'ops' and dates.source_quarter_name in ('2002Q1', '2002Q2', '2002Q3')
    group by 1
)

select
    customers.state,
    customers.gender,
    customers.marital_status,
    customers.dependent_count,
    count(*),
    min(customers.dependent_count),
    max(customers.dependent_count),
    avg(customers.dependent_count),
    customers.employed_dependent_count,
    count(*),
    min(customers.employed_dependent_count),
    max(customers.employed_dependent_count),
    avg(customers.employed_dependent_count),
    customers.college_dependent_count,
    count(*),
    min(customers.college_dependent_count),
    max(customers.college_dependent_count),
    avg(customers.college_dependent_count)
from gold.dim_customers as customers
inner join purchases on customers.customer_id = purchases.customer_id
where
    not customers.is_unknown
    and customers.source_current_address_id is not null
    and customers.source_current_customer_demographics_id is not null
    and purchases.has_store_sales = 1
    and purchases.has_other_sales = 1
group by
    customers.state, customers.gender, customers.marital_status, customers.dependent_count, customers.employed_dependent_count,
    customers.college_dependent_count
