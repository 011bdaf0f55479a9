{#-
    Purpose: a text as the engine writes it in a statement. On Snowflake a backslash escapes what follows it.
    Parameters: text.
    Usage: _file_name = {{ text_literal(name) }}
-#}
{% macro text_literal(text) -%}
    {{ adapter.dispatch('text_literal', 'retail')(text) }}
{%- endmacro %}

{% macro duckdb__text_literal(text) -%}
    '{{ text | replace("'", "''") }}'
{%- endmacro %}

{% macro default__text_literal(text) -%}
    '{{ text | replace("\\", "\\\\") | replace("'", "''") }}'
{%- endmacro %}
