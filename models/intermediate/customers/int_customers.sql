with ops_customers as (
    select * from {{ ref('int_ops__customers') }}
),

all_customers as (
    select * from ops_customers
)

select * from all_customers
