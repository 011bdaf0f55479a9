-- The hundred best of each category at every level of a roll-up by product, month and store. The quarter is the source's.
with sales as (
    select
        products.category_name,
        products.class_name,
        products.brand_name,
        products.product_name,
        dates.year_number,
        dates.source_quarter_number as quarter_number,
        dates.month_number,
        stores.store_code,
        coalesce(lines.unit_sales_price * lines.quantity, 0) as sales_amount
    from gold.fct_sales as lines
    inner join gold.dim_dates as dates on lines.sold_date_key = dates.date_key
    inner join gold.dim_stores_history as stores on lines.store_key = stores.store_key
    inner join gold.dim_products_history as products on lines.product_key = products.product_key
    where lines.channel = 'store' and dates.source_month_sequence between 1200 and 1211 and not stores.is_unknown
),

rolled_up as (
    select
        category_name,
        class_name,
        brand_name,
        product_name,
        year_number,
        quarter_number,
        month_number,
        store_code,
        sum(sales_amount) as sales_amount
    from sales
    group by rollup (category_name, class_name, brand_name, product_name, year_number, quarter_number, month_number, store_code)
),

ranked as (
    select
        *,
        rank() over (partition by category_name order by sales_amount desc) as sales_rank
    from rolled_up
)

select * from ranked
where sales_rank <= 100
