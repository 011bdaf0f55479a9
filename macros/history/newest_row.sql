{#-
    Purpose: the window by which a row is the newest of its group, in the order of rows: business date, path, row number.
    Parameters: group_by (expression).
    Usage: qualify {{ newest_row('customer_id') }}
-#}
{% macro newest_row(group_by) -%}
    row_number() over (
        partition by {{ group_by }}
        order by landed_date desc nulls last, _file_name desc nulls last, _file_row_number desc nulls last, _loaded_at desc nulls last
    ) = 1
{%- endmacro %}
