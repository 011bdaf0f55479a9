-- incremental, as fct_sales
-- append, after a hook that deletes what it makes anew (macros/incremental/renewed_rows.sql)
-- cluster_by: readers, and the night's own deletes, ask for some days
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    cluster_by='returned_date_key',
    pre_hook=["{{ open_transaction() }}", "{{ begin_renewal('fct_returns') }}"],
    post_hook=["{{ end_renewal('fct_returns') }}", "{{ take_files(feed_pairs('returns')) }}", "{{ take_changes(['fct_sales']) }}"]
) }}

-- depends_on: {{ ref('stg_landing__files') }}, {{ ref('int_taken_files') }}
-- depends_on: {{ ref('int_renewed_rows') }}, {{ ref('int_changed_rows') }}, {{ ref('int_kept_fingerprints') }}
{% set names = names_to_renew('fct_returns') %}

with returned_lines as (
    select *
    from {{ ref('int_returns') }}
    where {{ in_new_files(names, feed_pairs('returns')) }}
),

sold_lines as (
    select *
    from {{ ref('fct_sales') }}
    {% if names is not none %}
    where sales_line_key in ({{ landed_keys('fct_returns') }})
    {% endif %}
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
            select returned_lines.source_returning_customer_demographics_id from returned_lines
            union all
            select returned_lines.source_refunded_customer_demographics_id from returned_lines
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

web_pages as (
    select * from {{ ref('dim_web_pages') }}
),

shipping_methods as (
    select * from {{ ref('dim_shipping_methods') }}
),

warehouses as (
    select * from {{ ref('dim_warehouses') }}
),

return_reasons as (
    select * from {{ ref('dim_return_reasons') }}
),

keyed as (
    select
        *,
        {{ moment_of('returned_date', 'returned_second_of_day') }} as returned_at,
        {{ surrogate_key(['source_name', 'channel', 'order_id', 'line_id']) }} as sales_line_key
    from returned_lines
),

resolved as (
    select
        -- ids
        keyed.sales_line_key,
        keyed.source_name,
        keyed.channel,
        keyed.order_id,
        keyed.line_id,

        -- keys of the dimensions
        {{ date_key('keyed.returned_date') }} as returned_date_key,
        {{ time_key('keyed.returned_second_of_day') }} as returned_time_key,
        coalesce(products.product_key, {{ unknown_key() }}) as product_key,
        coalesce(returning_customers.customer_key, {{ unknown_key() }}) as returning_customer_key,
        coalesce(returning_customer_demographics.customer_demographics_key, {{ unknown_key() }}) as returning_customer_demographics_key,
        coalesce(returning_household_demographics.household_demographics_key, {{ unknown_key() }}) as returning_household_demographics_key,
        coalesce(returning_addresses.address_key, {{ unknown_key() }}) as returning_address_key,
        coalesce(refunded_customers.customer_key, {{ unknown_key() }}) as refunded_customer_key,
        coalesce(refunded_customer_demographics.customer_demographics_key, {{ unknown_key() }}) as refunded_customer_demographics_key,
        coalesce(refunded_household_demographics.household_demographics_key, {{ unknown_key() }}) as refunded_household_demographics_key,
        coalesce(refunded_addresses.address_key, {{ unknown_key() }}) as refunded_address_key,
        coalesce(stores.store_key, {{ unknown_key() }}) as store_key,
        coalesce(call_centers.call_center_key, {{ unknown_key() }}) as call_center_key,
        coalesce(catalog_pages.catalog_page_key, {{ unknown_key() }}) as catalog_page_key,
        coalesce(web_pages.web_page_key, {{ unknown_key() }}) as web_page_key,
        coalesce(shipping_methods.shipping_method_key, {{ unknown_key() }}) as shipping_method_key,
        coalesce(warehouses.warehouse_key, {{ unknown_key() }}) as warehouse_key,
        coalesce(return_reasons.return_reason_key, {{ unknown_key() }}) as return_reason_key,

        -- the sold line
        coalesce(sold_lines.sold_date_key, -1) as sold_date_key,
        coalesce(sold_lines.customer_key, {{ unknown_key() }}) as buying_customer_key,

        -- durable keys
        coalesce(products.product_id, 'unknown') as product_id,
        coalesce(returning_customers.customer_id, 'unknown') as returning_customer_id,
        coalesce(refunded_customers.customer_id, 'unknown') as refunded_customer_id,
        coalesce(stores.store_id, 'unknown') as store_id,
        coalesce(warehouses.warehouse_id, 'unknown') as warehouse_id,
        coalesce(sold_lines.customer_id, 'unknown') as buying_customer_id,

        -- as the source names them
        keyed.source_product_id,
        keyed.source_returning_customer_id,
        keyed.source_returning_customer_demographics_id,
        keyed.source_returning_household_demographics_id,
        keyed.source_returning_address_id,
        keyed.source_refunded_customer_id,
        keyed.source_refunded_customer_demographics_id,
        keyed.source_refunded_household_demographics_id,
        keyed.source_refunded_address_id,
        keyed.source_store_id,
        keyed.source_call_center_id,
        keyed.source_catalog_page_id,
        keyed.source_web_page_id,
        keyed.source_shipping_method_id,
        keyed.source_warehouse_id,
        keyed.source_return_reason_id,
        keyed.source_returned_date_id,
        keyed.source_returned_time_id,

        -- dates and times
        keyed.returned_date,
        keyed.returned_second_of_day,
        sold_lines.sold_date,

        -- quantities and amounts
        keyed.return_quantity,
        keyed.return_amount,
        keyed.return_tax_amount,
        keyed.return_amount_including_tax,
        keyed.fee_amount,
        keyed.return_shipping_cost_amount,
        keyed.refunded_cash_amount,
        keyed.reversed_charge_amount,
        keyed.store_credit_amount,
        keyed.net_loss_amount,

        -- flags
        sold_lines.sales_line_key is not null as has_sold_line
    from keyed
    left join sold_lines
        on keyed.sales_line_key = sold_lines.sales_line_key
    left join products
        on
            keyed.source_name = products.source_name
            and keyed.source_product_id = products.source_product_id
            and {{ named_or_held_at('products', 'keyed.returned_at') }}
    left join customers as returning_customers
        on
            keyed.source_name = returning_customers.source_name
            and keyed.source_returning_customer_id = returning_customers.source_customer_id
            and {{ held_at('returning_customers', 'keyed.returned_at') }}
    left join customer_demographics as returning_customer_demographics
        on
            keyed.source_name = returning_customer_demographics.source_name
            and keyed.source_returning_customer_demographics_id = returning_customer_demographics.source_customer_demographics_id
    left join household_demographics as returning_household_demographics
        on
            keyed.source_name = returning_household_demographics.source_name
            and keyed.source_returning_household_demographics_id = returning_household_demographics.source_household_demographics_id
    left join addresses as returning_addresses
        on
            keyed.source_name = returning_addresses.source_name
            and keyed.source_returning_address_id = returning_addresses.source_address_id
    left join customers as refunded_customers
        on
            keyed.source_name = refunded_customers.source_name
            and keyed.source_refunded_customer_id = refunded_customers.source_customer_id
            and {{ held_at('refunded_customers', 'keyed.returned_at') }}
    left join customer_demographics as refunded_customer_demographics
        on
            keyed.source_name = refunded_customer_demographics.source_name
            and keyed.source_refunded_customer_demographics_id = refunded_customer_demographics.source_customer_demographics_id
    left join household_demographics as refunded_household_demographics
        on
            keyed.source_name = refunded_household_demographics.source_name
            and keyed.source_refunded_household_demographics_id = refunded_household_demographics.source_household_demographics_id
    left join addresses as refunded_addresses
        on
            keyed.source_name = refunded_addresses.source_name
            and keyed.source_refunded_address_id = refunded_addresses.source_address_id
    left join stores
        on
            keyed.source_name = stores.source_name
            and keyed.source_store_id = stores.source_store_id
    left join call_centers
        on
            keyed.source_name = call_centers.source_name
            and keyed.source_call_center_id = call_centers.source_call_center_id
    left join catalog_pages
        on
            keyed.source_name = catalog_pages.source_name
            and keyed.source_catalog_page_id = catalog_pages.source_catalog_page_id
    left join web_pages
        on
            keyed.source_name = web_pages.source_name
            and keyed.source_web_page_id = web_pages.source_web_page_id
    left join shipping_methods
        on
            keyed.source_name = shipping_methods.source_name
            and keyed.source_shipping_method_id = shipping_methods.source_shipping_method_id
    left join warehouses
        on
            keyed.source_name = warehouses.source_name
            and keyed.source_warehouse_id = warehouses.source_warehouse_id
    left join return_reasons
        on
            keyed.source_name = return_reasons.source_name
            and keyed.source_return_reason_id = return_reasons.source_return_reason_id
)

select * from resolved
