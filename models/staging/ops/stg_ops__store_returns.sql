with landed as (
    {{ landed('ops', 'store_returns') }}
),

calendar as (
    select * from {{ ref('base_ops__calendar') }}
),

renamed as (
    select
        -- ids
        landed.sr_ticket_number as ticket_number,
        landed.sr_item_sk as item_id,
        landed.sr_customer_sk as customer_id,
        landed.sr_cdemo_sk as customer_demographics_id,
        landed.sr_hdemo_sk as household_demographics_id,
        landed.sr_addr_sk as address_id,
        landed.sr_store_sk as store_id,
        landed.sr_reason_sk as reason_id,
        landed.sr_returned_date_sk as returned_date_id,

        -- quantities and amounts
        landed.sr_return_quantity as return_quantity,
        cast(landed.sr_return_amt as decimal(18, 2)) as return_amount,
        cast(landed.sr_return_tax as decimal(18, 2)) as return_tax_amount,
        cast(landed.sr_return_amt_inc_tax as decimal(18, 2)) as return_amount_including_tax,
        cast(landed.sr_fee as decimal(18, 2)) as fee_amount,
        cast(landed.sr_return_ship_cost as decimal(18, 2)) as return_shipping_cost_amount,
        cast(landed.sr_refunded_cash as decimal(18, 2)) as refunded_cash_amount,
        cast(landed.sr_reversed_charge as decimal(18, 2)) as reversed_charge_amount,
        cast(landed.sr_store_credit as decimal(18, 2)) as store_credit_amount,
        cast(landed.sr_net_loss as decimal(18, 2)) as net_loss_amount,

        -- dates and times
        returned_calendar.date_day as returned_date,
        landed.sr_return_time_sk as returned_time_id,

        -- load metadata
        {{ landed_date() }} as landed_date,
        landed._file_name,
        landed._file_row_number,
        landed._loaded_at
    from landed
    left join calendar as returned_calendar
        on landed.sr_returned_date_sk = returned_calendar.date_id
),

checked as (
    select
        *,
        case
            when ticket_number is null then 'ticket_number is missing'
            when item_id is null then 'item_id is missing'
            when landed_date is null then 'the path has no dt=YYYY-MM-DD'
            when not {{ in_calendar('returned_date') }} then 'returned_date is outside the calendar'
        end as reject_reason
    from renamed
)

select * from checked
