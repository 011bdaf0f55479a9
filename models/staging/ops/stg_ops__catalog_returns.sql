with landed as (
    {{ landed('ops', 'catalog_returns') }}
),

calendar as (
    select * from {{ ref('base_ops__calendar') }}
),

renamed as (
    select
        -- ids
        landed.cr_order_number as order_number,
        landed.cr_item_sk as item_id,
        landed.cr_refunded_customer_sk as refunded_customer_id,
        landed.cr_refunded_cdemo_sk as refunded_customer_demographics_id,
        landed.cr_refunded_hdemo_sk as refunded_household_demographics_id,
        landed.cr_refunded_addr_sk as refunded_address_id,
        landed.cr_returning_customer_sk as returning_customer_id,
        landed.cr_returning_cdemo_sk as returning_customer_demographics_id,
        landed.cr_returning_hdemo_sk as returning_household_demographics_id,
        landed.cr_returning_addr_sk as returning_address_id,
        landed.cr_call_center_sk as call_center_id,
        landed.cr_catalog_page_sk as catalog_page_id,
        landed.cr_ship_mode_sk as ship_mode_id,
        landed.cr_warehouse_sk as warehouse_id,
        landed.cr_reason_sk as reason_id,
        landed.cr_returned_date_sk as returned_date_id,

        -- quantities and amounts
        landed.cr_return_quantity as return_quantity,
        cast(landed.cr_return_amount as decimal(18, 2)) as return_amount,
        cast(landed.cr_return_tax as decimal(18, 2)) as return_tax_amount,
        cast(landed.cr_return_amt_inc_tax as decimal(18, 2)) as return_amount_including_tax,
        cast(landed.cr_fee as decimal(18, 2)) as fee_amount,
        cast(landed.cr_return_ship_cost as decimal(18, 2)) as return_shipping_cost_amount,
        cast(landed.cr_refunded_cash as decimal(18, 2)) as refunded_cash_amount,
        cast(landed.cr_reversed_charge as decimal(18, 2)) as reversed_charge_amount,
        cast(landed.cr_store_credit as decimal(18, 2)) as store_credit_amount,
        cast(landed.cr_net_loss as decimal(18, 2)) as net_loss_amount,

        -- dates and times
        returned_calendar.date_day as returned_date,
        landed.cr_returned_time_sk as returned_time_id,

        -- load metadata
        {{ landed_date() }} as landed_date,
        landed._file_name,
        landed._file_row_number,
        landed._loaded_at
    from landed
    left join calendar as returned_calendar
        on landed.cr_returned_date_sk = returned_calendar.date_id
),

checked as (
    select
        *,
        case
            when order_number is null then 'order_number is missing'
            when item_id is null then 'item_id is missing'
            when landed_date is null then 'the path has no dt=YYYY-MM-DD'
            when not {{ in_calendar('returned_date') }} then 'returned_date is outside the calendar'
        end as reject_reason
    from renamed
)

select * from checked
