-- The flat view is what BI tools read: a line that a join loses or doubles there makes every report wrong. Rows, units and amount must
-- be the fact's. Nothing is tolerated. Who acts: whoever changed the view or a dimension.
with fact as (
    select
        count(*) as line_count,
        sum(quantity) as quantity,
        sum(sales_amount) as sales_amount
    from {{ ref('fct_sales') }}
),

flat as (
    select
        count(*) as line_count,
        sum(quantity) as quantity,
        sum(sales_amount) as sales_amount
    from {{ ref('retail_data_view') }}
)

select *
from fact
except
select *
from flat
