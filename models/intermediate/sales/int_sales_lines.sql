with ops_lines as (
    select * from {{ ref('int_ops__sales_lines') }}
),

marketplace_lines as (
    select * from {{ ref('int_marketplace__sales_lines') }}
),

all_lines as (
    select * from ops_lines
    union all
    select * from marketplace_lines
)

select * from all_lines
