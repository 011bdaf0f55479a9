with store_returns as (
    {{ counted_rows(ref('stg_ops__store_returns')) }}
),

catalog_returns as (
    {{ counted_rows(ref('stg_ops__catalog_returns')) }}
),

web_returns as (
    {{ counted_rows(ref('stg_ops__web_returns')) }}
),

store_lines as (
    select
        -- ids
        'ops' as source_name,
        'store' as channel,
        cast(ticket_number as varchar) as order_id,
        cast(item_id as varchar) as line_id,
        cast(item_id as varchar) as source_product_id,
        cast(customer_id as varchar) as source_returning_customer_id,
        cast(customer_demographics_id as varchar) as source_returning_customer_demographics_id,
        cast(household_demographics_id as varchar) as source_returning_household_demographics_id,
        cast(address_id as varchar) as source_returning_address_id,
        cast(null as varchar) as source_refunded_customer_id,
        cast(null as varchar) as source_refunded_customer_demographics_id,
        cast(null as varchar) as source_refunded_household_demographics_id,
        cast(null as varchar) as source_refunded_address_id,
        cast(store_id as varchar) as source_store_id,
        cast(null as varchar) as source_call_center_id,
        cast(null as varchar) as source_catalog_page_id,
        cast(null as varchar) as source_web_page_id,
        cast(null as varchar) as source_shipping_method_id,
        cast(null as varchar) as source_warehouse_id,
        cast(reason_id as varchar) as source_return_reason_id,
        cast(returned_date_id as varchar) as source_returned_date_id,
        cast(returned_time_id as varchar) as source_returned_time_id,

        -- quantities and amounts
        return_quantity,
        return_amount,
        return_tax_amount,
        return_amount_including_tax,
        fee_amount,
        return_shipping_cost_amount,
        refunded_cash_amount,
        reversed_charge_amount,
        store_credit_amount,
        net_loss_amount,

        -- dates and times
        returned_date,
        returned_time_id as returned_second_of_day,

        -- load metadata
        landed_date,
        _file_name,
        _file_row_number,
        _loaded_at
    from store_returns
),

catalog_lines as (
    select
        -- ids
        'ops' as source_name,
        'catalog' as channel,
        cast(order_number as varchar) as order_id,
        cast(item_id as varchar) as line_id,
        cast(item_id as varchar) as source_product_id,
        cast(returning_customer_id as varchar) as source_returning_customer_id,
        cast(returning_customer_demographics_id as varchar) as source_returning_customer_demographics_id,
        cast(returning_household_demographics_id as varchar) as source_returning_household_demographics_id,
        cast(returning_address_id as varchar) as source_returning_address_id,
        cast(refunded_customer_id as varchar) as source_refunded_customer_id,
        cast(refunded_customer_demographics_id as varchar) as source_refunded_customer_demographics_id,
        cast(refunded_household_demographics_id as varchar) as source_refunded_household_demographics_id,
        cast(refunded_address_id as varchar) as source_refunded_address_id,
        cast(null as varchar) as source_store_id,
        cast(call_center_id as varchar) as source_call_center_id,
        cast(catalog_page_id as varchar) as source_catalog_page_id,
        cast(null as varchar) as source_web_page_id,
        cast(ship_mode_id as varchar) as source_shipping_method_id,
        cast(warehouse_id as varchar) as source_warehouse_id,
        cast(reason_id as varchar) as source_return_reason_id,
        cast(returned_date_id as varchar) as source_returned_date_id,
        cast(returned_time_id as varchar) as source_returned_time_id,

        -- quantities and amounts
        return_quantity,
        return_amount,
        return_tax_amount,
        return_amount_including_tax,
        fee_amount,
        return_shipping_cost_amount,
        refunded_cash_amount,
        reversed_charge_amount,
        store_credit_amount,
        net_loss_amount,

        -- dates and times
        returned_date,
        returned_time_id as returned_second_of_day,

        -- load metadata
        landed_date,
        _file_name,
        _file_row_number,
        _loaded_at
    from catalog_returns
),

web_lines as (
    select
        -- ids
        'ops' as source_name,
        'web' as channel,
        cast(order_number as varchar) as order_id,
        cast(item_id as varchar) as line_id,
        cast(item_id as varchar) as source_product_id,
        cast(returning_customer_id as varchar) as source_returning_customer_id,
        cast(returning_customer_demographics_id as varchar) as source_returning_customer_demographics_id,
        cast(returning_household_demographics_id as varchar) as source_returning_household_demographics_id,
        cast(returning_address_id as varchar) as source_returning_address_id,
        cast(refunded_customer_id as varchar) as source_refunded_customer_id,
        cast(refunded_customer_demographics_id as varchar) as source_refunded_customer_demographics_id,
        cast(refunded_household_demographics_id as varchar) as source_refunded_household_demographics_id,
        cast(refunded_address_id as varchar) as source_refunded_address_id,
        cast(null as varchar) as source_store_id,
        cast(null as varchar) as source_call_center_id,
        cast(null as varchar) as source_catalog_page_id,
        cast(web_page_id as varchar) as source_web_page_id,
        cast(null as varchar) as source_shipping_method_id,
        cast(null as varchar) as source_warehouse_id,
        cast(reason_id as varchar) as source_return_reason_id,
        cast(returned_date_id as varchar) as source_returned_date_id,
        cast(returned_time_id as varchar) as source_returned_time_id,

        -- quantities and amounts
        return_quantity,
        return_amount,
        return_tax_amount,
        return_amount_including_tax,
        fee_amount,
        return_shipping_cost_amount,
        refunded_cash_amount,
        reversed_charge_amount,
        store_credit_amount,
        net_loss_amount,

        -- dates and times
        returned_date,
        returned_time_id as returned_second_of_day,

        -- load metadata
        landed_date,
        _file_name,
        _file_row_number,
        _loaded_at
    from web_returns
),

all_channels as (
    select * from store_lines
    union all
    select * from catalog_lines
    union all
    select * from web_lines
)

select * from all_channels
