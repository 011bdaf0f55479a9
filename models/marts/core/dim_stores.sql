with versions as (
    select * from {{ ref('dim_stores_history') }}
),

current_versions as (
    select * exclude (valid_to, is_current)
    from versions
    where is_current
)

select * from current_versions
