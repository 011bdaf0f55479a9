with landed as (
    {{ landed('ops', 'web_sales') }}
),

calendar as (
    select * from {{ ref('base_ops__calendar') }}
),

renamed as (
    select
        -- ids
        landed.ws_order_number as order_number,
        landed.ws_item_sk as item_id,
        landed.ws_bill_customer_sk as bill_customer_id,
        landed.ws_bill_cdemo_sk as bill_customer_demographics_id,
        landed.ws_bill_hdemo_sk as bill_household_demographics_id,
        landed.ws_bill_addr_sk as bill_address_id,
        landed.ws_ship_customer_sk as ship_customer_id,
        landed.ws_ship_cdemo_sk as ship_customer_demographics_id,
        landed.ws_ship_hdemo_sk as ship_household_demographics_id,
        landed.ws_ship_addr_sk as ship_address_id,
        landed.ws_web_page_sk as web_page_id,
        landed.ws_web_site_sk as web_site_id,
        landed.ws_ship_mode_sk as ship_mode_id,
        landed.ws_warehouse_sk as warehouse_id,
        landed.ws_promo_sk as promotion_id,
        landed.ws_sold_date_sk as sold_date_id,
        landed.ws_ship_date_sk as ship_date_id,

        -- quantities and amounts
        landed.ws_quantity as quantity,
        cast(landed.ws_wholesale_cost as decimal(18, 2)) as unit_wholesale_cost,
        cast(landed.ws_list_price as decimal(18, 2)) as unit_list_price,
        cast(landed.ws_sales_price as decimal(18, 2)) as unit_sales_price,
        cast(landed.ws_ext_discount_amt as decimal(18, 2)) as extended_discount_amount,
        cast(landed.ws_ext_sales_price as decimal(18, 2)) as extended_sales_amount,
        cast(landed.ws_ext_wholesale_cost as decimal(18, 2)) as extended_wholesale_cost_amount,
        cast(landed.ws_ext_list_price as decimal(18, 2)) as extended_list_amount,
        cast(landed.ws_ext_tax as decimal(18, 2)) as tax_amount,
        cast(landed.ws_coupon_amt as decimal(18, 2)) as coupon_amount,
        cast(landed.ws_ext_ship_cost as decimal(18, 2)) as shipping_cost_amount,
        cast(landed.ws_net_paid as decimal(18, 2)) as net_paid_amount,
        cast(landed.ws_net_paid_inc_tax as decimal(18, 2)) as net_paid_including_tax_amount,
        cast(landed.ws_net_paid_inc_ship as decimal(18, 2)) as net_paid_including_shipping_amount,
        cast(landed.ws_net_paid_inc_ship_tax as decimal(18, 2)) as net_paid_including_shipping_and_tax_amount,
        cast(landed.ws_net_profit as decimal(18, 2)) as net_profit_amount,

        -- dates and times
        sold_calendar.date_day as sold_date,
        landed.ws_sold_time_sk as sold_time_id,
        ship_calendar.date_day as ship_date,

        -- load metadata
        {{ landed_date() }} as landed_date,
        landed._file_name,
        landed._file_row_number,
        landed._loaded_at
    from landed
    left join calendar as sold_calendar
        on landed.ws_sold_date_sk = sold_calendar.date_id
    left join calendar as ship_calendar
        on landed.ws_ship_date_sk = ship_calendar.date_id
),

checked as (
    select
        *,
        case
            when order_number is null then 'order_number is missing'
            when item_id is null then 'item_id is missing'
            when landed_date is null then 'the path has no dt=YYYY-MM-DD'
            when not {{ in_calendar('sold_date') }} then 'sold_date is outside the calendar'
            when not {{ in_calendar('ship_date') }} then 'ship_date is outside the calendar'
        end as reject_reason
    from renamed
)

select * from checked
