{#-
    Purpose: an id that an export wrote as a float, without its ".0"; any other text as it is.
    Parameters: field (text expression).
    Usage: {{ id_text('customer_id') }} as customer_id   -- '77985.0' becomes '77985'
-#}
{% macro id_text(field) -%}
    case
        when trim({{ field }}) like '%.0' then left(trim({{ field }}), length(trim({{ field }})) - 2)
        else {{ blank_to_null(field) }}
    end
{%- endmacro %}
