-- Returned store sales of well-selling catalog products in two years, by product, store and the addresses of sale and customer.
with catalog_products as (
    select lines.product_key
    from gold.fct_sales as lines
    inner join gold.fct_returns as return_lines on lines.sales_line_key = return_lines.sales_line_key
    where lines.channel = 'catalog'
    group by lines.product_key
    having
        sum(lines.extended_list_amount) > 2 * sum(
            return_lines.refunded_cash_amount + return_lines.reversed_charge_amount + return_lines.store_credit_amount
        )
),

cross_sales as (
    select
        products.product_key,
        products.product_name,
        stores.store_name,
        stores.postal_code as store_postal_code,
        addresses.street_number,
        addresses.street_name,
        addresses.city,
        addresses.postal_code,
        customers.street_number as customer_street_number,
        customers.street_name as customer_street_name,
        customers.city as customer_city,
        customers.postal_code as customer_postal_code,
        sold_dates.year_number,
        count(*) as lines,
        sum(lines.unit_wholesale_cost) as wholesale_cost,
        sum(lines.unit_list_price) as list_price,
        sum(lines.coupon_amount) as coupon_amount
    from gold.fct_sales as lines
    inner join gold.fct_returns as return_lines on lines.sales_line_key = return_lines.sales_line_key
    inner join catalog_products on lines.product_key = catalog_products.product_key
    inner join gold.dim_dates as sold_dates on lines.sold_date_key = sold_dates.date_key
    inner join gold.dim_stores_history as stores on lines.store_key = stores.store_key
    inner join gold.dim_customers as customers on lines.customer_id = customers.customer_id
    inner join gold.dim_customer_demographics as demographics on lines.customer_demographics_key = demographics.customer_demographics_key
    inner join gold.dim_household_demographics as households on lines.household_demographics_key = households.household_demographics_key
    inner join gold.dim_addresses as addresses on lines.address_key = addresses.address_key
    inner join gold.dim_products_history as products on lines.product_key = products.product_key
    where
        lines.channel = 'store'
        and not sold_dates.is_unknown
        and not stores.is_unknown
        and not addresses.is_unknown
        and lines.promotion_key != '-1'
        and households.source_income_band_id is not null
        and customers.income_lower_bound_amount is not null
        and customers.source_current_address_id is not null
        and customers.first_sales_date is not null
        and customers.first_shipto_date is not null
        and demographics.marital_status != customers.marital_status
        and products.current_price between 1 and 79
    group by
        products.product_key, products.product_name, stores.store_name, stores.postal_code, addresses.street_number, addresses.street_name,
        addresses.city, addresses.postal_code, customers.street_number, customers.street_name, customers.city, customers.postal_code,
        sold_dates.year_number, year(customers.first_sales_date), year(customers.first_shipto_date)
)

select
    first_year.product_name,
    first_year.store_name,
    first_year.store_postal_code,
    first_year.street_number,
    first_year.street_name,
    first_year.city,
    first_year.postal_code,
    first_year.customer_street_number,
    first_year.customer_street_name,
    first_year.customer_city,
    first_year.customer_postal_code,
    first_year.year_number,
    first_year.lines,
    first_year.wholesale_cost,
    first_year.list_price,
    first_year.coupon_amount,
    second_year.wholesale_cost,
    second_year.list_price,
    second_year.coupon_amount,
    second_year.year_number,
    second_year.lines
from cross_sales as first_year
inner join cross_sales as second_year
    on
        first_year.product_key = second_year.product_key
        and first_year.store_name = second_year.store_name
        and first_year.store_postal_code = second_year.store_postal_code
where first_year.year_number = 1999 and second_year.year_number = 2000 and second_year.lines <= first_year.lines
