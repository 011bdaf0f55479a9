-- incremental, as fct_sales
-- append, after a hook that deletes what it makes anew (macros/incremental/renewed_rows.sql)
-- cluster_by: readers, and the night's own deletes, ask for some days
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    cluster_by='count_date',
    pre_hook=["{{ open_transaction() }}", "{{ begin_renewal('fct_stock_counts') }}"],
    post_hook=["{{ end_renewal('fct_stock_counts') }}", "{{ take_files(feed_pairs('stock_counts')) }}"]
) }}

-- depends_on: {{ ref('stg_landing__files') }}, {{ ref('int_taken_files') }}
-- depends_on: {{ ref('int_renewed_rows') }}, {{ ref('int_changed_rows') }}, {{ ref('int_kept_fingerprints') }}
{% set names = names_to_renew('fct_stock_counts') %}

with counts as (
    select *
    from {{ ref('int_stock_counts') }}
    where {{ in_new_files(names, feed_pairs('stock_counts')) }}
),

products as (
    select * from {{ ref('dim_products_history') }}
),

warehouses as (
    select * from {{ ref('dim_warehouses') }}
),

resolved as (
    select
        -- ids
        counts.source_name,
        counts.source_product_id,
        counts.source_warehouse_id,

        -- keys of the dimensions
        {{ date_key('counts.count_date') }} as count_date_key,
        coalesce(products.product_key, {{ unknown_key() }}) as product_key,
        coalesce(warehouses.warehouse_key, {{ unknown_key() }}) as warehouse_key,

        -- durable keys
        coalesce(products.product_id, 'unknown') as product_id,
        coalesce(warehouses.warehouse_id, 'unknown') as warehouse_id,

        -- dates and times
        counts.count_date,

        -- quantities
        counts.on_hand_quantity
    from counts
    left join products
        on
            counts.source_name = products.source_name
            and counts.source_product_id = products.source_product_id
            and {{ named_or_held_at('products', 'cast(counts.count_date as timestamp)') }}
    left join warehouses
        on counts.source_name = warehouses.source_name and counts.source_warehouse_id = warehouses.source_warehouse_id
)

select * from resolved
