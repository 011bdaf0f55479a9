{#-
    Purpose: the one condition under which a version of a history holds at a moment: valid_from <= moment < valid_to. Half-open, so
        that the moment of a change belongs to the new version only; `between` would match two.
    Parameters: versions (alias of a history), moment (date or timestamp expression).
    Usage: left join products on lines.product_id = products.product_id and {{ valid_at('products', 'weeks.week_end_date') }}
-#}
{% macro valid_at(versions, moment) -%}
    {{ versions }}.valid_from <= {{ moment }} and {{ moment }} < {{ versions }}.valid_to
{%- endmacro %}
