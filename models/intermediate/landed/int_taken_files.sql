-- Its rows are written by the hooks of the models and snapshots that take files (macros/history/taken_files.sql), each in the same
-- transaction as the rows made of them; a full refresh of the project must not forget what a snapshot holds, hence full_refresh.
{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false) }}

select
    cast(null as varchar) as taken_by,
    cast(null as varchar) as file_name
where false
