-- Catalog sales of a quarter by the buyer's current postal code. The quarter is the source's: it counts 1 April to the first.
select
    customers.postal_code,
    sum(lines.unit_sales_price)
from gold.fct_sales as lines
inner join gold.dim_dates as dates on lines.sold_date_key = dates.date_key
inner join gold.dim_customers as customers on lines.customer_id = customers.customer_id
where
    lines.channel = 'catalog'
    and dates.source_quarter_name = '2001Q2'
    and not customers.is_unknown
    and (
        substring(customers.postal_code, 1, 5) in (
            '85669', '86197', '88274', '83405', '86475', '85392', '85460', '80348', '81792'
        )
        or customers.state in ('CA', 'WA', 'GA')
        or lines.unit_sales_price > 500
    )
group by customers.postal_code
