with ops_lines as (
    select * from {{ ref('int_ops__sales_lines') }}
),

all_lines as (
    select * from ops_lines
)

select * from all_lines
