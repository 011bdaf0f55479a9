-- incremental, by file: a night makes the lines of new files, and moves the old ones whose members changed
-- append, after a hook that deletes what it makes anew (macros/incremental/renewed_rows.sql)
-- cluster_by: readers, and the night's own deletes, ask for some days
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    cluster_by='sold_date_key',
    pre_hook=["{{ open_transaction() }}", "{{ begin_renewal('fct_sales') }}"],
    post_hook=["{{ end_renewal('fct_sales') }}", "{{ take_files(feed_pairs('sales_lines')) }}"]
) }}

-- depends_on: {{ ref('stg_landing__files') }}, {{ ref('int_taken_files') }}
-- depends_on: {{ ref('int_renewed_rows') }}, {{ ref('int_changed_rows') }}, {{ ref('int_kept_fingerprints') }}
{% set names = names_to_renew('fct_sales') %}

with lines as (
    select *
    from {{ ref('int_sales_lines') }}
    where {{ in_new_files(names, feed_pairs('sales_lines')) }}
),

products as (
    select * from {{ ref('dim_products_history') }}
),

customers as (
    select * from {{ ref('dim_customers_history') }}
),

customer_demographics as (
    select *
    from {{ ref('dim_customer_demographics') }}
    {% if names is not none %}
    -- the largest dimension: those that tonight's rows name
    where
        source_customer_demographics_id in (
            select lines.source_bill_customer_demographics_id from lines
            union all
            select lines.source_ship_customer_demographics_id from lines
        )
    {% endif %}
),

household_demographics as (
    select * from {{ ref('dim_household_demographics') }}
),

addresses as (
    select * from {{ ref('dim_addresses') }}
),

stores as (
    select * from {{ ref('dim_stores_history') }}
),

call_centers as (
    select * from {{ ref('dim_call_centers') }}
),

catalog_pages as (
    select * from {{ ref('dim_catalog_pages') }}
),

web_sites as (
    select * from {{ ref('dim_web_sites') }}
),

web_pages as (
    select * from {{ ref('dim_web_pages') }}
),

shipping_methods as (
    select * from {{ ref('dim_shipping_methods') }}
),

warehouses as (
    select * from {{ ref('dim_warehouses') }}
),

promotions as (
    select * from {{ ref('dim_promotions') }}
),

payment_methods as (
    select * from {{ ref('dim_payment_methods') }}
),

order_statuses as (
    select * from {{ ref('dim_order_statuses') }}
),

located as (
    select
        * exclude (sold_at),
        coalesce(sold_at, {{ moment_of('sold_date', 'sold_second_of_day') }}) as sold_at,
        {{ location_key('location_city', 'location_state', 'location_postal_code', 'location_country') }} as location_key
    from lines
),

resolved as (
    select
        -- ids
        {{ surrogate_key(['lines.source_name', 'lines.channel', 'lines.order_id', 'lines.line_id']) }} as sales_line_key,
        lines.source_name,
        lines.channel,
        lines.order_id,
        lines.line_id,
        lines.order_number,

        -- keys of the dimensions
        {{ date_key('lines.sold_date') }} as sold_date_key,
        {{ time_key('lines.sold_second_of_day') }} as sold_time_key,
        {{ date_key('lines.ship_date') }} as ship_date_key,
        coalesce(products.product_key, {{ unknown_key() }}) as product_key,
        coalesce(customers.customer_key, {{ unknown_key() }}) as customer_key,
        coalesce(customer_demographics.customer_demographics_key, {{ unknown_key() }}) as customer_demographics_key,
        coalesce(household_demographics.household_demographics_key, {{ unknown_key() }}) as household_demographics_key,
        coalesce(addresses.address_key, {{ unknown_key() }}) as address_key,
        coalesce(ship_customers.customer_key, {{ unknown_key() }}) as ship_customer_key,
        coalesce(ship_customer_demographics.customer_demographics_key, {{ unknown_key() }}) as ship_customer_demographics_key,
        coalesce(ship_household_demographics.household_demographics_key, {{ unknown_key() }}) as ship_household_demographics_key,
        coalesce(ship_addresses.address_key, {{ unknown_key() }}) as ship_address_key,
        coalesce(stores.store_key, {{ unknown_key() }}) as store_key,
        coalesce(call_centers.call_center_key, {{ unknown_key() }}) as call_center_key,
        coalesce(catalog_pages.catalog_page_key, {{ unknown_key() }}) as catalog_page_key,
        coalesce(web_sites.web_site_key, {{ unknown_key() }}) as web_site_key,
        coalesce(web_pages.web_page_key, {{ unknown_key() }}) as web_page_key,
        coalesce(shipping_methods.shipping_method_key, {{ unknown_key() }}) as shipping_method_key,
        coalesce(warehouses.warehouse_key, {{ unknown_key() }}) as warehouse_key,
        coalesce(promotions.promotion_key, {{ unknown_key() }}) as promotion_key,
        coalesce(payment_methods.payment_method_key, {{ unknown_key() }}) as payment_method_key,
        coalesce(order_statuses.order_status_key, {{ unknown_key() }}) as order_status_key,
        -- where the goods went: the place the line names, the receiver's address, the store, the buyer's address
        coalesce(
            lines.location_key, ship_addresses.location_key, stores.location_key, addresses.location_key, {{ unknown_key() }}
        ) as location_key,

        -- durable keys
        coalesce(products.product_id, 'unknown') as product_id,
        coalesce(customers.customer_id, 'unknown') as customer_id,
        coalesce(ship_customers.customer_id, 'unknown') as ship_customer_id,
        coalesce(stores.store_id, 'unknown') as store_id,
        coalesce(warehouses.warehouse_id, 'unknown') as warehouse_id,

        -- as the source names them
        lines.source_product_id,
        lines.source_bill_customer_id,
        lines.source_bill_customer_demographics_id,
        lines.source_bill_household_demographics_id,
        lines.source_bill_address_id,
        lines.source_ship_customer_id,
        lines.source_ship_customer_demographics_id,
        lines.source_ship_household_demographics_id,
        lines.source_ship_address_id,
        lines.source_store_id,
        lines.source_call_center_id,
        lines.source_catalog_page_id,
        lines.source_web_site_id,
        lines.source_web_page_id,
        lines.source_shipping_method_id,
        lines.source_warehouse_id,
        lines.source_promotion_id,
        lines.source_payment_method_id,
        lines.source_order_status_id,
        lines.source_sold_date_id,
        lines.source_sold_time_id,
        lines.source_ship_date_id,

        -- dates and times
        lines.sold_date,
        lines.sold_second_of_day,
        lines.sold_at,
        lines.ship_date,

        -- quantities and amounts
        lines.quantity,
        lines.unit_wholesale_cost,
        lines.unit_list_price,
        lines.unit_sales_price,
        lines.extended_discount_amount,
        lines.extended_sales_amount,
        lines.extended_wholesale_cost_amount,
        lines.extended_list_amount,
        lines.tax_amount,
        lines.coupon_amount,
        lines.shipping_cost_amount,
        lines.net_paid_amount,
        lines.net_paid_including_tax_amount,
        lines.net_paid_including_shipping_amount,
        lines.net_paid_including_shipping_and_tax_amount,
        lines.net_profit_amount,
        lines.sales_amount,

        -- the person, as the line names one
        lines.line_customer_name,
        lines.line_customer_email,
        lines.line_customer_phone,
        lines.line_customer_address,
        lines.line_customer_age,
        {{ age_band('lines.line_customer_age') }} as line_customer_age_band,
        lines.line_customer_gender,
        lines.line_customer_income_group,
        lines.line_customer_segment_name,

        -- flags and notes
        lines.is_sold_date_estimated,
        lines.repairs,
        coalesce(lines.quantity < 0, false) as is_cancelled
    from located as lines
    left join products
        on
            lines.source_name = products.source_name
            and lines.source_product_id = products.source_product_id
            and {{ named_or_held_at('products', 'lines.sold_at') }}
    left join customers
        on
            lines.source_name = customers.source_name
            and lines.source_bill_customer_id = customers.source_customer_id
            and {{ held_at('customers', 'lines.sold_at') }}
    left join customer_demographics
        on
            lines.source_name = customer_demographics.source_name
            and lines.source_bill_customer_demographics_id = customer_demographics.source_customer_demographics_id
    left join household_demographics
        on
            lines.source_name = household_demographics.source_name
            and lines.source_bill_household_demographics_id = household_demographics.source_household_demographics_id
    left join addresses
        on
            lines.source_name = addresses.source_name
            and lines.source_bill_address_id = addresses.source_address_id
    left join customers as ship_customers
        on
            lines.source_name = ship_customers.source_name
            and lines.source_ship_customer_id = ship_customers.source_customer_id
            and {{ held_at('ship_customers', 'lines.sold_at') }}
    left join customer_demographics as ship_customer_demographics
        on
            lines.source_name = ship_customer_demographics.source_name
            and lines.source_ship_customer_demographics_id = ship_customer_demographics.source_customer_demographics_id
    left join household_demographics as ship_household_demographics
        on
            lines.source_name = ship_household_demographics.source_name
            and lines.source_ship_household_demographics_id = ship_household_demographics.source_household_demographics_id
    left join addresses as ship_addresses
        on
            lines.source_name = ship_addresses.source_name
            and lines.source_ship_address_id = ship_addresses.source_address_id
    left join stores
        on
            lines.source_name = stores.source_name
            and lines.source_store_id = stores.source_store_id
    left join call_centers
        on
            lines.source_name = call_centers.source_name
            and lines.source_call_center_id = call_centers.source_call_center_id
    left join catalog_pages
        on
            lines.source_name = catalog_pages.source_name
            and lines.source_catalog_page_id = catalog_pages.source_catalog_page_id
    left join web_sites
        on
            lines.source_name = web_sites.source_name
            and lines.source_web_site_id = web_sites.source_web_site_id
    left join web_pages
        on
            lines.source_name = web_pages.source_name
            and lines.source_web_page_id = web_pages.source_web_page_id
    left join shipping_methods
        on
            lines.source_name = shipping_methods.source_name
            and lines.source_shipping_method_id = shipping_methods.source_shipping_method_id
    left join warehouses
        on
            lines.source_name = warehouses.source_name
            and lines.source_warehouse_id = warehouses.source_warehouse_id
    left join promotions
        on
            lines.source_name = promotions.source_name
            and lines.source_promotion_id = promotions.source_promotion_id
    left join payment_methods
        on
            lines.source_name = payment_methods.source_name
            and lines.source_payment_method_id = payment_methods.source_payment_method_id
    left join order_statuses
        on
            lines.source_name = order_statuses.source_name
            and lines.source_order_status_id = order_statuses.source_order_status_id
)

select * from resolved
