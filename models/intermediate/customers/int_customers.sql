with ops_customers as (
    select * from {{ ref('int_ops__customers') }}
),

marketplace_customers as (
    select * from {{ ref('int_marketplace__customers') }}
),

all_customers as (
    select * from ops_customers
    union all
    select * from marketplace_customers
)

select * from all_customers
