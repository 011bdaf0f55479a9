with inventory_counts as (
    select * from {{ ref('int_inventory__stock_counts') }}
),

all_counts as (
    select * from inventory_counts
)

select * from all_counts
