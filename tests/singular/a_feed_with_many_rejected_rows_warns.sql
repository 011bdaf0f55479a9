-- A feed that suddenly has many rejected rows has changed its form, and its numbers are too low. A share above the variable
-- `rejected_share_warn` warns. Who acts: the owner of the source, with `audit_rejected_rows` in hand.
{{ config(severity='warn') }}

with feed_totals as (
    select
        source_name,
        feed_name,
        sum(landed_rows) as landed_rows,
        sum(rejected_at_load_rows + rejected_in_staging_rows) as rejected_rows
    from {{ ref('audit_row_accounting') }}
    group by source_name, feed_name
)

select *
from feed_totals
where rejected_rows > landed_rows * {{ var('rejected_share_warn') }}
