{#-
    Purpose: the business date of the extract or export that a row came with: the `dt=YYYY-MM-DD` in its path; null where the path has none.
    Usage: {{ landed_date() }} as landed_date
-#}
{% macro landed_date() -%}
    {{ iso_date("split_part(split_part(_file_name, '/dt=', 2), '/', 1)") }}
{%- endmacro %}
