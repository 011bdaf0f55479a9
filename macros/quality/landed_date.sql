{#-
    Purpose: the business date of the extract or export that a row came with: the `dt=YYYY-MM-DD` in its path; null where the path has none.
    Parameters: file_name (text expression).
    Usage: {{ landed_date() }} as landed_date
-#}
{% macro landed_date(file_name='_file_name') -%}
    {{ iso_date("split_part(split_part(" ~ file_name ~ ", '/dt=', 2), '/', 1)") }}
{%- endmacro %}
