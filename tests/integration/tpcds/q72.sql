-- Catalog lines that some warehouse could not have filled in their week, by product, warehouse and week, with and without promotion.
select
    products.product_description,
    warehouses.warehouse_name,
    sold_dates.source_week_sequence,
    sum(case when lines.promotion_key = '-1' then 1 else 0 end),
    sum(case when lines.promotion_key != '-1' then 1 else 0 end),
    count(*)
from gold.fct_sales as lines
inner join gold.dim_dates as sold_dates on lines.sold_date_key = sold_dates.date_key
inner join gold.fct_stock_counts as counts on lines.product_key = counts.product_key
inner join gold.dim_dates as count_dates
    on counts.count_date_key = count_dates.date_key and sold_dates.source_week_sequence = count_dates.source_week_sequence
inner join gold.dim_warehouses as warehouses on counts.warehouse_key = warehouses.warehouse_key
inner join gold.dim_products_history as products on lines.product_key = products.product_key
inner join gold.dim_customer_demographics as demographics on lines.customer_demographics_key = demographics.customer_demographics_key
inner join gold.dim_household_demographics as households on lines.household_demographics_key = households.household_demographics_key
where
    lines.channel = 'catalog'
    and sold_dates.year_number = 1999
    and lines.ship_date > lines.sold_date + 5
    and counts.on_hand_quantity < lines.quantity
    and households.buy_potential = '>10000'
    and demographics.marital_status = 'D'
    and not warehouses.is_unknown
group by products.product_description, warehouses.warehouse_name, sold_dates.source_week_sequence
