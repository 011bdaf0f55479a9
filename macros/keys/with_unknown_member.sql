{#-
    Purpose: the rows of a dimension and its unknown member: every attribute null but those given.
    Parameters: members (name of a CTE), given (mapping: column to expression).
    Usage: {{ with_unknown_member('members', {'warehouse_key': unknown_key(), 'warehouse_name': "'Unknown'", 'is_unknown': 'true'}) }}
-#}
{% macro with_unknown_member(members, given) %}
    select * from {{ members }}
    union all
    -- nothing joins, so that every column is null in its own type
    select
        {{ members }}.* replace (
            {% for column, value in given.items() %}{{ value }} as {{ column }}{{ ',' if not loop.last }}
            {% endfor %}
        )
    from (select 1 as one_row) as nothing
    left join {{ members }} on nothing.one_row = 0
{% endmacro %}
