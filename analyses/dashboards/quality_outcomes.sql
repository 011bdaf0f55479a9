-- Grain: a feed and an outcome. The same rows as quality_feeds, in the form of a chart.
with files as (
    select * from {{ ref('audit_row_accounting') }}
),

{% set outcomes = [
    ('Accepted', 'accepted_rows'),
    ('Repeat', 'repeat_rows'),
    ('Superseded', 'superseded_rows'),
    ('Rejected in staging', 'rejected_in_staging_rows'),
    ('Rejected at load', 'rejected_at_load_rows'),
    ('Unexplained', 'unexplained_rows'),
] %}
outcomes as (
    {% for outcome, column in outcomes %}
        select
            source_name,
            feed_name,
            {{ loop.index }} as outcome_order,
            '{{ outcome }}' as outcome,
            sum({{ column }}) as outcome_rows
        from files
        group by source_name, feed_name
        {{ 'union all' if not loop.last }}
    {% endfor %}
)

select *
from outcomes
where outcome_rows != 0
order by source_name, feed_name, outcome_order
