{#-
    Purpose: read a whole number from text; null where the text is none. A plain cast would round 5.5 to 6 on both engines;
        "5.0" and "1e3" are whole numbers written as floats and are taken.
    Parameters: field (text expression).
    Usage: {{ whole_number('inv_quantity_on_hand') }} as on_hand_quantity
-#}
{% macro whole_number(field) -%}
    case
        when {{ dbt.safe_cast(field, 'double') }} = {{ dbt.safe_cast(field, 'bigint') }}
            then {{ dbt.safe_cast(field, 'bigint') }}
    end
{%- endmacro %}
