with landed as (
    {{ landed('ops', 'store_sales') }}
),

calendar as (
    select * from {{ ref('base_ops__calendar') }}
),

renamed as (
    select
        -- ids
        landed.ss_ticket_number as ticket_number,
        landed.ss_item_sk as item_id,
        landed.ss_customer_sk as customer_id,
        landed.ss_cdemo_sk as customer_demographics_id,
        landed.ss_hdemo_sk as household_demographics_id,
        landed.ss_addr_sk as address_id,
        landed.ss_store_sk as store_id,
        landed.ss_promo_sk as promotion_id,
        landed.ss_sold_date_sk as sold_date_id,

        -- quantities and amounts
        landed.ss_quantity as quantity,
        cast(landed.ss_wholesale_cost as decimal(18, 2)) as unit_wholesale_cost,
        cast(landed.ss_list_price as decimal(18, 2)) as unit_list_price,
        cast(landed.ss_sales_price as decimal(18, 2)) as unit_sales_price,
        cast(landed.ss_ext_discount_amt as decimal(18, 2)) as extended_discount_amount,
        cast(landed.ss_ext_sales_price as decimal(18, 2)) as extended_sales_amount,
        cast(landed.ss_ext_wholesale_cost as decimal(18, 2)) as extended_wholesale_cost_amount,
        cast(landed.ss_ext_list_price as decimal(18, 2)) as extended_list_amount,
        cast(landed.ss_ext_tax as decimal(18, 2)) as tax_amount,
        cast(landed.ss_coupon_amt as decimal(18, 2)) as coupon_amount,
        cast(landed.ss_net_paid as decimal(18, 2)) as net_paid_amount,
        cast(landed.ss_net_paid_inc_tax as decimal(18, 2)) as net_paid_including_tax_amount,
        cast(landed.ss_net_profit as decimal(18, 2)) as net_profit_amount,

        -- dates and times
        sold_calendar.date_day as sold_date,
        landed.ss_sold_time_sk as sold_time_id,

        -- load metadata
        {{ landed_date() }} as landed_date,
        landed._file_name,
        landed._file_row_number,
        landed._loaded_at
    from landed
    left join calendar as sold_calendar
        on landed.ss_sold_date_sk = sold_calendar.date_id
),

checked as (
    select
        *,
        case
            when ticket_number is null then 'ticket_number is missing'
            when item_id is null then 'item_id is missing'
            when landed_date is null then 'the path has no dt=YYYY-MM-DD'
            when not {{ in_calendar('sold_date') }} then 'sold_date is outside the calendar'
        end as reject_reason
    from renamed
)

select * from checked
