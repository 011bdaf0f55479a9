{#-
    Purpose: the name under which a column's type and a contract's are compared, where dbt's own contracts do not do it. DuckDB says back what was
        asked for. Snowflake has one type of number, and a view's columns have the digits and lengths that its expressions happen to need: there
        the kind counts, and the decimals.
    Parameters: type (as a contract or the database has it); column (of adapter.get_columns_in_relation).
    Usage: {% if plain_type(wanted.data_type) != plain_type_of(found) %}
-#}
{% macro plain_type(type) -%}
    {{ return(adapter.dispatch('plain_type', 'retail')(type | lower | replace(' ', ''))) }}
{%- endmacro %}

{% macro plain_type_of(column) -%}
    {{ return(adapter.dispatch('plain_type_of', 'retail')(column)) }}
{%- endmacro %}

{# dbt writes a length into data_type that DuckDB does not know #}
{% macro duckdb__plain_type_of(column) -%}
    {{ return(plain_type(column.dtype)) }}
{%- endmacro %}

{# dtype has no decimals #}
{% macro default__plain_type_of(column) -%}
    {{ return(plain_type(column.data_type)) }}
{%- endmacro %}

{% macro duckdb__plain_type(type) -%}
    {{ return(api.Column.translate_type(type) | lower) }}
{%- endmacro %}

{% macro default__plain_type(type) -%}
    {%- set name = type.split('(')[0] -%}
    {%- set decimals = type.rstrip(')').split(',')[1] if ',' in type else '0' -%}
    {%- if name in ('bigint', 'integer', 'int') or (name in ('number', 'decimal', 'numeric') and decimals == '0') -%}
        {{ return('whole number') }}
    {%- elif name in ('number', 'decimal', 'numeric') -%}
        {{ return(decimals ~ ' decimals') }}
    {%- elif name in ('varchar', 'text', 'string', 'charactervarying') -%}
        {{ return('text') }}
    {%- elif name in ('timestamp', 'timestamp_ntz', 'datetime') -%}
        {{ return('timestamp') }}
    {%- elif name in ('double', 'float') -%}
        {{ return('floating point') }}
    {%- endif -%}
    {{ return(name) }}
{%- endmacro %}
