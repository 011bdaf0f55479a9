{#-
    Purpose: blank text is null, and text has no blanks around it.
    Parameters: field (text expression).
    Usage: {{ blank_to_null('i_brand') }} as brand_name
-#}
{% macro blank_to_null(field) -%}
    nullif(trim({{ field }}), '')
{%- endmacro %}
