-- Web returns by reason, where the refunded and the returning customer are alike, for some states and profits.
select
    substring(reasons.reason_description, 1, 20),
    avg(sold_lines.quantity),
    avg(lines.refunded_cash_amount),
    avg(lines.fee_amount)
from gold.fct_returns as lines
inner join gold.fct_sales as sold_lines on lines.sales_line_key = sold_lines.sales_line_key
inner join gold.dim_dates as dates on sold_lines.sold_date_key = dates.date_key
inner join gold.dim_customer_demographics as refunded
    on lines.refunded_customer_demographics_key = refunded.customer_demographics_key
inner join gold.dim_customer_demographics as returning_
    on lines.returning_customer_demographics_key = returning_.customer_demographics_key
inner join gold.dim_addresses as addresses on lines.refunded_address_key = addresses.address_key
inner join gold.dim_return_reasons as reasons on lines.return_reason_key = reasons.return_reason_key
where
    lines.channel = 'web'
    and dates.year_number = 2000
    and sold_lines.web_page_key != '-1'
    and not reasons.is_unknown
    and refunded.marital_status = returning_.marital_status
    and refunded.education_status = returning_.education_status
    and (
        (refunded.marital_status = 'M' and sold_lines.unit_sales_price between 0 and 150)
        or (refunded.marital_status = 'S' and sold_lines.unit_sales_price between 0 and 100)
        or (refunded.marital_status = 'W' and sold_lines.unit_sales_price between 0 and 200)
    )
    and addresses.country = 'United States'
group by reasons.reason_description
