-- a view: as wide as the dimensions together, and as fresh
{{ config(materialized='view') }}

with lines as (
    select * from {{ ref('fct_sales') }}
),

returned_lines as (
    select * from {{ ref('fct_returns') }}
),

feedback as (
    select * from {{ ref('fct_customer_feedback') }}
),

dates as (
    select * from {{ ref('dim_dates') }}
),

times as (
    select * from {{ ref('dim_times') }}
),

products as (
    select * from {{ ref('dim_products_history') }}
),

customers as (
    select * from {{ ref('dim_customers_history') }}
),

locations as (
    select * from {{ ref('dim_locations') }}
),

stores as (
    select * from {{ ref('dim_stores_history') }}
),

warehouses as (
    select * from {{ ref('dim_warehouses') }}
),

promotions as (
    select * from {{ ref('dim_promotions') }}
),

channels as (
    select * from {{ ref('dim_channels') }}
),

payment_methods as (
    select * from {{ ref('dim_payment_methods') }}
),

shipping_methods as (
    select * from {{ ref('dim_shipping_methods') }}
),

order_statuses as (
    select * from {{ ref('dim_order_statuses') }}
),

-- every join finds one row: a key of a fact is in its dimension, if only as the unknown member
flat as (
    select
        -- order line
        lines.sales_line_key,
        lines.source_name,
        channels.channel_name,
        lines.order_id,
        lines.line_id,
        lines.order_number,

        -- date and time
        lines.sold_date,
        lines.sold_at,
        dates.year_number as sold_year,
        dates.quarter_number as sold_quarter,
        dates.month_number as sold_month,
        dates.month_name as sold_month_name,
        dates.week_start_date as sold_week_start_date,
        dates.day_name as sold_day_name,
        dates.is_weekend as is_sold_on_weekend,
        dates.season_name as sold_season_name,
        dates.holiday_name as sold_holiday_name,
        times.hour_number as sold_hour,
        lines.ship_date,

        -- customer
        lines.customer_id,
        coalesce(lines.line_customer_name, customers.full_name) as customer_name,
        coalesce(lines.line_customer_gender, customers.gender) as customer_gender,
        coalesce(lines.line_customer_age_band, customers.age_band) as customer_age_band,
        coalesce(lines.line_customer_income_group, customers.income_group) as customer_income_group,
        customers.income_lower_bound_amount as customer_income_lower_bound_amount,
        customers.income_upper_bound_amount as customer_income_upper_bound_amount,
        coalesce(lines.line_customer_segment_name, customers.segment_name) as customer_segment_name,

        -- product
        lines.product_id,
        products.product_name,
        products.brand_name,
        products.class_name,
        products.category_name,

        -- place
        locations.city,
        locations.state,
        locations.postal_code,
        locations.country,
        stores.store_name,
        warehouses.warehouse_name,
        promotions.promotion_name,

        -- payment, shipping, status
        payment_methods.payment_method_name,
        shipping_methods.ship_mode_type as shipping_method_name,
        order_statuses.order_status_name,

        -- quantities and amounts
        lines.quantity,
        lines.unit_sales_price,
        lines.sales_amount,
        lines.extended_discount_amount,
        lines.tax_amount,
        lines.shipping_cost_amount,
        lines.net_paid_amount,
        lines.net_profit_amount,
        returned_lines.return_quantity,
        returned_lines.return_amount,

        -- feedback
        feedback.rating,
        feedback.feedback_text,

        -- flags
        lines.is_cancelled,
        returned_lines.sales_line_key is not null as is_returned
    from lines
    inner join dates
        on lines.sold_date_key = dates.date_key
    inner join times
        on lines.sold_time_key = times.time_key
    inner join products
        on lines.product_key = products.product_key
    inner join customers
        on lines.customer_key = customers.customer_key
    inner join locations
        on lines.location_key = locations.location_key
    inner join stores
        on lines.store_key = stores.store_key
    inner join warehouses
        on lines.warehouse_key = warehouses.warehouse_key
    inner join promotions
        on lines.promotion_key = promotions.promotion_key
    inner join channels
        on lines.channel = channels.channel
    inner join payment_methods
        on lines.payment_method_key = payment_methods.payment_method_key
    inner join shipping_methods
        on lines.shipping_method_key = shipping_methods.shipping_method_key
    inner join order_statuses
        on lines.order_status_key = order_statuses.order_status_key
    left join returned_lines
        on lines.sales_line_key = returned_lines.sales_line_key
    left join feedback
        on lines.sales_line_key = feedback.sales_line_key
)

select * from flat
