-- Stock before and after a day, of products whose stock changed by less than a half.
with counted as (
    select
        warehouses.warehouse_name,
        products.source_durable_product_id,
        sum(case when counts.count_date < date '2000-03-11' then counts.on_hand_quantity else 0 end) as before,
        sum(case when counts.count_date >= date '2000-03-11' then counts.on_hand_quantity else 0 end) as after
    from gold.fct_stock_counts as counts
    inner join gold.dim_products_history as products on counts.product_key = products.product_key
    inner join gold.dim_warehouses as warehouses on counts.warehouse_key = warehouses.warehouse_key
    where
        products.current_price between 0.99 and 1.49
        and counts.count_date between date '2000-02-10' and date '2000-04-10'
        and not warehouses.is_unknown
    group by warehouses.warehouse_name, products.source_durable_product_id
)

select * from counted
where before > 0 and after * 1.000 / before between 2.000 / 3.000 and 3.000 / 2.000
