{#-
    Purpose: read a date from text in the form YYYY-MM-DD, and in no other; null where it is none. The engines' own casts accept
        further forms, and not the same ones.
    Parameters: field (text expression).
    Usage: {{ iso_date('inv_date') }} as count_date
-#}
{% macro iso_date(field) -%}
    case when {{ field }} like '____-__-__' then {{ dbt.safe_cast(field, 'date') }} end
{%- endmacro %}
