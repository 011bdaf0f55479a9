{#-
    Purpose: the new name in `alter table ... rename to`: DuckDB takes it without its schema; Snowflake without it moves the table to the session's
        schema.
    Parameters: relation (what the table is to be, such as of `built`).
    Usage: alter table {{ old }} rename to {{ new_name(new) }}
-#}
{% macro new_name(relation) -%}
    {{ return(adapter.dispatch('new_name', 'retail')(relation)) }}
{%- endmacro %}

{% macro duckdb__new_name(relation) -%}
    {{ return(relation.identifier) }}
{%- endmacro %}

{% macro default__new_name(relation) -%}
    {{ return(relation | string) }}
{%- endmacro %}
