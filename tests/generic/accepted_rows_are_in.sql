{#-
    Every row of a feed that the accounting calls accepted is a row of the model that brings the feed into its contract, and every row of that
    model is in the fact. Who acts: whoever changed the key of the feed or the model.
    Arguments: source_name, feed_name (as in feeds()); fact (the fact made from the contract; left out where other sources name rows alike).
    One row is a count that differs.
-#}
{% test accepted_rows_are_in(model, source_name, feed_name, fact=none) %}
with counts as (
    select
        'accepted rows of the feed' as counted,
        (
            select coalesce(sum(accepted_rows), 0)
            from {{ ref('audit_row_accounting') }}
            where source_name = '{{ source_name }}' and feed_name = '{{ feed_name }}'
        ) as landed_side,
        (
            select count(*)
            from {{ model }}
            where _file_name like '{{ source_name }}/{{ feed_name }}/%'
        ) as model_side
    {% if fact %}
    union all
    select
        'rows of the fact' as counted,
        (select count(*) from {{ ref(fact) }} where source_name = '{{ source_name }}') as landed_side,
        (select count(*) from {{ model }}) as model_side
    {% endif %}
)

select *
from counts
where landed_side != model_side
{% endtest %}
