{#-
    Purpose: the one text that a value has inside a hash, on both engines. Null is chr(30), which no source text holds; values are
        joined by chr(31), so that ('a', 'bc') and ('ab', 'c') differ.
    Parameters: value (expression), type: text, integer, date, timestamp, or decimal (whose own scale is kept).
    Usage: inside surrogate_key.
-#}
{% macro hash_text(value, type) -%}
    coalesce({{ adapter.dispatch('hash_text', 'retail')(value, type) }}, chr(30))
{%- endmacro %}

{% macro duckdb__hash_text(value, type) -%}
    {%- if type == 'text' -%}{{ value }}
    {%- elif type in ('integer', 'decimal') -%}cast({{ value }} as varchar)
    {%- elif type == 'date' -%}strftime({{ value }}, '%Y-%m-%d')
    {%- elif type == 'timestamp' -%}strftime({{ value }}, '%Y-%m-%d %H:%M:%S.%f')
    {%- else -%}{{ exceptions.raise_compiler_error("hash_text does not know the type " ~ type) }}
    {%- endif -%}
{%- endmacro %}

{% macro default__hash_text(value, type) -%}
    {%- if type == 'text' -%}{{ value }}
    {%- elif type in ('integer', 'decimal') -%}to_varchar({{ value }})
    {%- elif type == 'date' -%}to_char({{ value }}, 'YYYY-MM-DD')
    {%- elif type == 'timestamp' -%}to_char({{ value }}, 'YYYY-MM-DD HH24:MI:SS.FF6')
    {%- else -%}{{ exceptions.raise_compiler_error("hash_text does not know the type " ~ type) }}
    {%- endif -%}
{%- endmacro %}
