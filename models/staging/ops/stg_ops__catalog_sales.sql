with landed as (
    {{ landed('ops', 'catalog_sales') }}
),

calendar as (
    select * from {{ ref('base_ops__calendar') }}
),

renamed as (
    select
        -- ids
        landed.cs_order_number as order_number,
        landed.cs_item_sk as item_id,
        landed.cs_bill_customer_sk as bill_customer_id,
        landed.cs_bill_cdemo_sk as bill_customer_demographics_id,
        landed.cs_bill_hdemo_sk as bill_household_demographics_id,
        landed.cs_bill_addr_sk as bill_address_id,
        landed.cs_ship_customer_sk as ship_customer_id,
        landed.cs_ship_cdemo_sk as ship_customer_demographics_id,
        landed.cs_ship_hdemo_sk as ship_household_demographics_id,
        landed.cs_ship_addr_sk as ship_address_id,
        landed.cs_call_center_sk as call_center_id,
        landed.cs_catalog_page_sk as catalog_page_id,
        landed.cs_ship_mode_sk as ship_mode_id,
        landed.cs_warehouse_sk as warehouse_id,
        landed.cs_promo_sk as promotion_id,
        landed.cs_sold_date_sk as sold_date_id,
        landed.cs_ship_date_sk as ship_date_id,

        -- quantities and amounts
        landed.cs_quantity as quantity,
        cast(landed.cs_wholesale_cost as decimal(18, 2)) as unit_wholesale_cost,
        cast(landed.cs_list_price as decimal(18, 2)) as unit_list_price,
        cast(landed.cs_sales_price as decimal(18, 2)) as unit_sales_price,
        cast(landed.cs_ext_discount_amt as decimal(18, 2)) as extended_discount_amount,
        cast(landed.cs_ext_sales_price as decimal(18, 2)) as extended_sales_amount,
        cast(landed.cs_ext_wholesale_cost as decimal(18, 2)) as extended_wholesale_cost_amount,
        cast(landed.cs_ext_list_price as decimal(18, 2)) as extended_list_amount,
        cast(landed.cs_ext_tax as decimal(18, 2)) as tax_amount,
        cast(landed.cs_coupon_amt as decimal(18, 2)) as coupon_amount,
        cast(landed.cs_ext_ship_cost as decimal(18, 2)) as shipping_cost_amount,
        cast(landed.cs_net_paid as decimal(18, 2)) as net_paid_amount,
        cast(landed.cs_net_paid_inc_tax as decimal(18, 2)) as net_paid_including_tax_amount,
        cast(landed.cs_net_paid_inc_ship as decimal(18, 2)) as net_paid_including_shipping_amount,
        cast(landed.cs_net_paid_inc_ship_tax as decimal(18, 2)) as net_paid_including_shipping_and_tax_amount,
        cast(landed.cs_net_profit as decimal(18, 2)) as net_profit_amount,

        -- dates and times
        sold_calendar.date_day as sold_date,
        landed.cs_sold_time_sk as sold_time_id,
        ship_calendar.date_day as ship_date,

        -- load metadata
        {{ landed_date() }} as landed_date,
        landed._file_name,
        landed._file_row_number,
        landed._loaded_at
    from landed
    left join calendar as sold_calendar
        on landed.cs_sold_date_sk = sold_calendar.date_id
    left join calendar as ship_calendar
        on landed.cs_ship_date_sk = ship_calendar.date_id
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
