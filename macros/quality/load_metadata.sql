{#-
    Purpose: the columns that loading adds to every bronze table, in place of those of the source.
    Usage: {{ row_json('landed_rows', load_metadata()) }}
-#}
{% macro load_metadata() -%}
    {{ return(['_file_name', '_file_row_number', '_file_content_key', '_file_last_modified', '_loaded_at']) }}
{%- endmacro %}
