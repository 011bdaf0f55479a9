-- Books whose net units fell by more than a tenth from one year to the next. Equal lines count once, as in the original (`union`).
with net_lines as (
    select distinct
        dates.year_number,
        products.source_brand_id as brand,
        products.source_class_id as class,
        products.source_category_id as category,
        products.source_manufacturer_id as manufacturer,
        lines.quantity - coalesce(return_lines.return_quantity, 0) as units,
        lines.extended_sales_amount - coalesce(return_lines.return_amount, 0.0) as amount
    from gold.fct_sales as lines
    left join gold.fct_returns as return_lines on lines.sales_line_key = return_lines.sales_line_key
    inner join gold.dim_dates as dates on lines.sold_date_key = dates.date_key
    inner join gold.dim_products_history as products on lines.product_key = products.product_key
    where lines.source_name = 'ops' and products.category_name = 'Books' and not dates.is_unknown
),

yearly as (
    select
        year_number,
        brand,
        class,
        category,
        manufacturer,
        sum(units) as units,
        sum(amount) as amount
    from net_lines
    group by year_number, brand, class, category, manufacturer
)

select
    last_year.year_number,
    this_year.year_number,
    this_year.brand,
    this_year.class,
    this_year.category,
    this_year.manufacturer,
    last_year.units,
    this_year.units,
    this_year.units - last_year.units,
    this_year.amount - last_year.amount
from yearly as this_year
inner join yearly as last_year
    on
        this_year.brand = last_year.brand
        and this_year.class = last_year.class
        and this_year.category = last_year.category
        and this_year.manufacturer = last_year.manufacturer
where
    this_year.year_number = 2002
    and last_year.year_number = 2001
    and cast(this_year.units as decimal(17, 2)) / cast(last_year.units as decimal(17, 2)) < 0.9
