-- What customers paid in the end for store lines that came back for one reason.
select
    cast(customers.source_customer_id as bigint),
    sum((lines.quantity - coalesce(return_lines.return_quantity, 0)) * lines.unit_sales_price)
from gold.fct_sales as lines
inner join gold.fct_returns as return_lines on lines.sales_line_key = return_lines.sales_line_key
inner join gold.dim_return_reasons as reasons on return_lines.return_reason_key = reasons.return_reason_key
inner join gold.dim_customers as customers on lines.customer_id = customers.customer_id
where lines.channel = 'store' and reasons.reason_description = 'Package was damaged'
group by customers.source_customer_id
