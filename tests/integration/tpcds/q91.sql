-- Losses of a year by returns to call centers, by demographics of the returning customer.
select
    call_centers.call_center_code,
    call_centers.call_center_name,
    call_centers.manager_name,
    sum(lines.net_loss_amount)
from gold.fct_returns as lines
inner join gold.dim_dates as dates on lines.returned_date_key = dates.date_key
inner join gold.dim_call_centers as call_centers on lines.call_center_key = call_centers.call_center_key
inner join gold.dim_customers as customers on lines.returning_customer_id = customers.customer_id
where
    lines.channel = 'catalog'
    and dates.year_number = 1998
    and not call_centers.is_unknown
    and (
        (customers.marital_status = 'M' and customers.education_status = 'Unknown')
        or (customers.marital_status = 'W' and customers.education_status = 'Advanced Degree')
    )
    and customers.buy_potential like 'Unknown%'
    and customers.gmt_offset_hours in (-5, -6, -7)
group by
    call_centers.call_center_code, call_centers.call_center_name, call_centers.manager_name, customers.marital_status,
    customers.education_status
