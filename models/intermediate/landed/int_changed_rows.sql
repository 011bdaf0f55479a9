-- Its rows are written by the hooks of the facts (macros/incremental/renewed_rows.sql), and removed when every model that reads them has
-- taken them; a full refresh of the project must not forget what a model has yet to take, hence full_refresh.
{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false) }}

select
    cast(null as varchar) as changed_in,
    cast(null as varchar) as batch_id,
    cast(null as boolean) as is_whole,
    cast(null as boolean) as is_before,
    cast(null as boolean) as is_active,
    cast(null as varchar) as row_key,
    cast(null as varchar) as source_name,
    cast(null as varchar) as channel,
    cast(null as varchar) as order_id,
    cast(null as date) as day,
    cast(null as varchar) as product_id,
    cast(null as varchar) as warehouse_id,
    cast(null as varchar) as warehouse_key,
    cast(null as varchar) as store_id,
    cast(null as varchar) as customer_id
where false
