{#-
    Purpose: name schemas exactly as the layers (bronze, silver, gold, audit, snapshots, seeds) on the production targets;
        a developer's own target sets `schema_prefix` and gets `<prefix>_<layer>`.
    Usage: called by dbt for every node; never by hand.
-#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set layer = custom_schema_name | trim if custom_schema_name else target.schema -%}
    {%- set prefix = env_var('RETAIL_SCHEMA_PREFIX', '') -%}
    {{ prefix ~ '_' ~ layer if prefix else layer }}
{%- endmacro %}
