with store_sales as (
    {{ counted_rows(ref('stg_ops__store_sales')) }}
),

catalog_sales as (
    {{ counted_rows(ref('stg_ops__catalog_sales')) }}
),

web_sales as (
    {{ counted_rows(ref('stg_ops__web_sales')) }}
),

store_lines as (
    select
        -- ids
        'ops' as source_name,
        'store' as channel,
        cast(ticket_number as varchar) as order_id,
        cast(item_id as varchar) as line_id,
        cast(item_id as varchar) as source_product_id,
        cast(customer_id as varchar) as source_bill_customer_id,
        cast(customer_demographics_id as varchar) as source_bill_customer_demographics_id,
        cast(household_demographics_id as varchar) as source_bill_household_demographics_id,
        cast(address_id as varchar) as source_bill_address_id,
        cast(null as varchar) as source_ship_customer_id,
        cast(null as varchar) as source_ship_customer_demographics_id,
        cast(null as varchar) as source_ship_household_demographics_id,
        cast(null as varchar) as source_ship_address_id,
        cast(store_id as varchar) as source_store_id,
        cast(null as varchar) as source_call_center_id,
        cast(null as varchar) as source_catalog_page_id,
        cast(null as varchar) as source_web_site_id,
        cast(null as varchar) as source_web_page_id,
        cast(null as varchar) as source_shipping_method_id,
        cast(null as varchar) as source_warehouse_id,
        cast(promotion_id as varchar) as source_promotion_id,
        cast(sold_date_id as varchar) as source_sold_date_id,
        cast(sold_time_id as varchar) as source_sold_time_id,
        cast(null as varchar) as source_ship_date_id,

        -- quantities and amounts
        quantity,
        unit_wholesale_cost,
        unit_list_price,
        unit_sales_price,
        extended_discount_amount,
        extended_sales_amount,
        extended_wholesale_cost_amount,
        extended_list_amount,
        tax_amount,
        coupon_amount,
        cast(null as decimal(18, 2)) as shipping_cost_amount,
        net_paid_amount,
        net_paid_including_tax_amount,
        cast(null as decimal(18, 2)) as net_paid_including_shipping_amount,
        cast(null as decimal(18, 2)) as net_paid_including_shipping_and_tax_amount,
        net_profit_amount,

        -- dates and times
        sold_date,
        sold_time_id as sold_second_of_day,
        cast(null as date) as ship_date,

        -- load metadata
        landed_date,
        _file_name,
        _file_row_number,
        _loaded_at
    from store_sales
),

catalog_lines as (
    select
        -- ids
        'ops' as source_name,
        'catalog' as channel,
        cast(order_number as varchar) as order_id,
        cast(item_id as varchar) as line_id,
        cast(item_id as varchar) as source_product_id,
        cast(bill_customer_id as varchar) as source_bill_customer_id,
        cast(bill_customer_demographics_id as varchar) as source_bill_customer_demographics_id,
        cast(bill_household_demographics_id as varchar) as source_bill_household_demographics_id,
        cast(bill_address_id as varchar) as source_bill_address_id,
        cast(ship_customer_id as varchar) as source_ship_customer_id,
        cast(ship_customer_demographics_id as varchar) as source_ship_customer_demographics_id,
        cast(ship_household_demographics_id as varchar) as source_ship_household_demographics_id,
        cast(ship_address_id as varchar) as source_ship_address_id,
        cast(null as varchar) as source_store_id,
        cast(call_center_id as varchar) as source_call_center_id,
        cast(catalog_page_id as varchar) as source_catalog_page_id,
        cast(null as varchar) as source_web_site_id,
        cast(null as varchar) as source_web_page_id,
        cast(ship_mode_id as varchar) as source_shipping_method_id,
        cast(warehouse_id as varchar) as source_warehouse_id,
        cast(promotion_id as varchar) as source_promotion_id,
        cast(sold_date_id as varchar) as source_sold_date_id,
        cast(sold_time_id as varchar) as source_sold_time_id,
        cast(ship_date_id as varchar) as source_ship_date_id,

        -- quantities and amounts
        quantity,
        unit_wholesale_cost,
        unit_list_price,
        unit_sales_price,
        extended_discount_amount,
        extended_sales_amount,
        extended_wholesale_cost_amount,
        extended_list_amount,
        tax_amount,
        coupon_amount,
        shipping_cost_amount,
        net_paid_amount,
        net_paid_including_tax_amount,
        net_paid_including_shipping_amount,
        net_paid_including_shipping_and_tax_amount,
        net_profit_amount,

        -- dates and times
        sold_date,
        sold_time_id as sold_second_of_day,
        ship_date,

        -- load metadata
        landed_date,
        _file_name,
        _file_row_number,
        _loaded_at
    from catalog_sales
),

web_lines as (
    select
        -- ids
        'ops' as source_name,
        'web' as channel,
        cast(order_number as varchar) as order_id,
        cast(item_id as varchar) as line_id,
        cast(item_id as varchar) as source_product_id,
        cast(bill_customer_id as varchar) as source_bill_customer_id,
        cast(bill_customer_demographics_id as varchar) as source_bill_customer_demographics_id,
        cast(bill_household_demographics_id as varchar) as source_bill_household_demographics_id,
        cast(bill_address_id as varchar) as source_bill_address_id,
        cast(ship_customer_id as varchar) as source_ship_customer_id,
        cast(ship_customer_demographics_id as varchar) as source_ship_customer_demographics_id,
        cast(ship_household_demographics_id as varchar) as source_ship_household_demographics_id,
        cast(ship_address_id as varchar) as source_ship_address_id,
        cast(null as varchar) as source_store_id,
        cast(null as varchar) as source_call_center_id,
        cast(null as varchar) as source_catalog_page_id,
        cast(web_site_id as varchar) as source_web_site_id,
        cast(web_page_id as varchar) as source_web_page_id,
        cast(ship_mode_id as varchar) as source_shipping_method_id,
        cast(warehouse_id as varchar) as source_warehouse_id,
        cast(promotion_id as varchar) as source_promotion_id,
        cast(sold_date_id as varchar) as source_sold_date_id,
        cast(sold_time_id as varchar) as source_sold_time_id,
        cast(ship_date_id as varchar) as source_ship_date_id,

        -- quantities and amounts
        quantity,
        unit_wholesale_cost,
        unit_list_price,
        unit_sales_price,
        extended_discount_amount,
        extended_sales_amount,
        extended_wholesale_cost_amount,
        extended_list_amount,
        tax_amount,
        coupon_amount,
        shipping_cost_amount,
        net_paid_amount,
        net_paid_including_tax_amount,
        net_paid_including_shipping_amount,
        net_paid_including_shipping_and_tax_amount,
        net_profit_amount,

        -- dates and times
        sold_date,
        sold_time_id as sold_second_of_day,
        ship_date,

        -- load metadata
        landed_date,
        _file_name,
        _file_row_number,
        _loaded_at
    from web_sales
),

all_channels as (
    select * from store_lines
    union all
    select * from catalog_lines
    union all
    select * from web_lines
),

conformed as (
    select
        *,

        -- ids
        order_id as order_number,

        -- what this source does not have
        cast(null as varchar) as source_payment_method_id,
        cast(null as varchar) as payment_method_name,
        cast(null as varchar) as source_order_status_id,
        cast(null as varchar) as order_status_name,
        cast(null as varchar) as shipping_method_name,
        cast(null as varchar) as location_city,
        cast(null as varchar) as location_state,
        cast(null as varchar) as location_postal_code,
        cast(null as varchar) as location_country,
        cast(null as varchar) as line_customer_name,
        cast(null as varchar) as line_customer_email,
        cast(null as varchar) as line_customer_phone,
        cast(null as varchar) as line_customer_address,
        cast(null as bigint) as line_customer_age,
        cast(null as varchar) as line_customer_gender,
        cast(null as varchar) as line_customer_income_group,
        cast(null as varchar) as line_customer_segment_name,

        -- amounts and flags
        cast(coalesce(unit_sales_price * quantity, extended_sales_amount) as decimal(18, 2)) as sales_amount,
        false as is_sold_date_estimated,
        cast(null as varchar) as repairs,
        cast(null as timestamp) as sold_at
    from all_channels
)

select * from conformed
