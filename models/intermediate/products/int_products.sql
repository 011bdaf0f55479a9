with ops_products as (
    select * from {{ ref('int_ops__products') }}
),

all_products as (
    select * from ops_products
)

select * from all_products
