-- Catalog sales less refunds before and after a day, by state of the warehouse and product.
select
    warehouses.state,
    products.source_durable_product_id,
    sum(
        case
            when lines.sold_date < date '2000-03-11' then lines.unit_sales_price - coalesce(return_lines.refunded_cash_amount, 0)
            else 0
        end
    ),
    sum(
        case
            when lines.sold_date >= date '2000-03-11' then lines.unit_sales_price - coalesce(return_lines.refunded_cash_amount, 0)
            else 0
        end
    )
from gold.fct_sales as lines
left join gold.fct_returns as return_lines on lines.sales_line_key = return_lines.sales_line_key
inner join gold.dim_warehouses as warehouses on lines.warehouse_key = warehouses.warehouse_key
inner join gold.dim_products_history as products on lines.product_key = products.product_key
where
    lines.channel = 'catalog'
    and products.current_price between 0.99 and 1.49
    and lines.sold_date between date '2000-02-10' and date '2000-04-10'
    and not warehouses.is_unknown
group by warehouses.state, products.source_durable_product_id
