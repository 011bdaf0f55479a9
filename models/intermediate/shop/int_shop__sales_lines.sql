with orders as (
    {{ counted_rows(ref('stg_shop__orders')) }}
),

customers as (
    select * from {{ ref('int_shop__customers') }}
),

-- an order names no place: it goes to where the customer lived then
placed as (
    select
        orders.*,
        customers.city,
        customers.state,
        customers.postal_code,
        customers.country
    from orders
    left join customers
        on
            orders.customer_id = customers.source_customer_id
            and {{ held_at('customers', 'orders.ordered_at') }}
),

conformed as (
    select
        'shop' as source_name,
        'shop' as channel,
        order_id,
        cast(line_number as varchar) as line_id,
        product_id as source_product_id,
        customer_id as source_bill_customer_id,
        cast(null as varchar) as source_bill_customer_demographics_id,
        cast(null as varchar) as source_bill_household_demographics_id,
        cast(null as varchar) as source_bill_address_id,
        cast(null as varchar) as source_ship_customer_id,
        cast(null as varchar) as source_ship_customer_demographics_id,
        cast(null as varchar) as source_ship_household_demographics_id,
        cast(null as varchar) as source_ship_address_id,
        cast(null as varchar) as source_store_id,
        cast(null as varchar) as source_call_center_id,
        cast(null as varchar) as source_catalog_page_id,
        cast(null as varchar) as source_web_site_id,
        cast(null as varchar) as source_web_page_id,
        cast(null as varchar) as source_shipping_method_id,
        cast(null as varchar) as source_warehouse_id,
        cast(null as varchar) as source_promotion_id,
        cast(null as varchar) as source_sold_date_id,
        cast(null as varchar) as source_sold_time_id,
        cast(null as varchar) as source_ship_date_id,
        quantity,
        cast(null as decimal(18, 2)) as unit_wholesale_cost,
        cast(null as decimal(18, 2)) as unit_list_price,
        unit_price as unit_sales_price,
        cast(null as decimal(18, 2)) as extended_discount_amount,
        total_amount as extended_sales_amount,
        cast(null as decimal(18, 2)) as extended_wholesale_cost_amount,
        cast(null as decimal(18, 2)) as extended_list_amount,
        cast(null as decimal(18, 2)) as tax_amount,
        cast(null as decimal(18, 2)) as coupon_amount,
        cast(null as decimal(18, 2)) as shipping_cost_amount,
        cast(null as decimal(18, 2)) as net_paid_amount,
        cast(null as decimal(18, 2)) as net_paid_including_tax_amount,
        cast(null as decimal(18, 2)) as net_paid_including_shipping_amount,
        cast(null as decimal(18, 2)) as net_paid_including_shipping_and_tax_amount,
        cast(null as decimal(18, 2)) as net_profit_amount,
        cast(ordered_at as date) as sold_date,
        cast(
            extract(hour from ordered_at) * 3600 + extract(minute from ordered_at) * 60 + floor(extract(second from ordered_at)) as bigint
        ) as sold_second_of_day,
        cast(null as date) as ship_date,
        landed_date,
        _file_name,
        _file_row_number,
        _loaded_at,
        order_id as order_number,
        cast(null as varchar) as source_payment_method_id,
        cast(null as varchar) as payment_method_name,
        cast(null as varchar) as source_order_status_id,
        cast(null as varchar) as order_status_name,
        cast(null as varchar) as shipping_method_name,
        city as location_city,
        state as location_state,
        postal_code as location_postal_code,
        country as location_country,
        cast(null as varchar) as line_customer_name,
        cast(null as varchar) as line_customer_email,
        cast(null as varchar) as line_customer_phone,
        cast(null as varchar) as line_customer_address,
        cast(null as bigint) as line_customer_age,
        cast(null as varchar) as line_customer_gender,
        cast(null as varchar) as line_customer_income_group,
        cast(null as varchar) as line_customer_segment_name,
        cast(coalesce(unit_price * quantity, total_amount) as decimal(18, 2)) as sales_amount,
        false as is_sold_date_estimated,
        cast(null as varchar) as repairs,
        ordered_at as sold_at
    from placed
)

select * from conformed
