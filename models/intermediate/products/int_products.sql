with ops_products as (
    select * from {{ ref('int_ops__products') }}
),

marketplace_products as (
    select * from {{ ref('int_marketplace__products') }}
),

all_products as (
    select * from ops_products
    union all
    select * from marketplace_products
)

select * from all_products
