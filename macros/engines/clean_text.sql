{#-
    Purpose: text as people meant it: no blanks around it, runs of blanks (up to eight) as one, blank is null. Spelling and case stay.
    Parameters: field (text expression).
    Usage: {{ clean_text('city') }} as city
-#}
{% macro clean_text(field) -%}
    nullif(replace(replace(replace(trim({{ field }}), '  ', ' '), '  ', ' '), '  ', ' '), '')
{%- endmacro %}
