{#-
    Purpose: on Snowflake, tell the masking policies (scripts/snowflake/R__70_masking.sql) which columns of a model are about persons: those with
        `meta: {pii: true}`. The table itself is declared free of persons last, so that it is never shown whole before. Elsewhere: nothing.
        A developer's own schemas (RETAIL_SCHEMA_PREFIX) have no tags to set; RETAIL_TAG_PERSONAL_COLUMNS=false is for an emulator that knows none.
    Usage: post-hook of marts and audit, in dbt_project.yml.
-#}
{% macro tag_personal_columns() -%}
    {{ adapter.dispatch('tag_personal_columns', 'retail')() }}
{%- endmacro %}

{# `retail publish` masks #}
{% macro duckdb__tag_personal_columns() -%}
{%- endmacro %}

{% macro default__tag_personal_columns() -%}
    {%- if env_var('RETAIL_TAG_PERSONAL_COLUMNS', 'true') == 'true' and not env_var('RETAIL_SCHEMA_PREFIX', '') -%}
        {%- set kind = 'view' if model.config.materialized == 'view' else 'table' -%}
        {%- for column in model.columns.values() if column.config.meta.get('pii') %}
            alter {{ kind }} {{ this }} modify column {{ column.name }} set tag {{ target.database }}.audit.{{ pii_tag(column) }} = 'yes';
        {%- endfor %}
        alter {{ kind }} {{ this }} set tag {{ target.database }}.audit.pii = 'no'
    {%- endif -%}
{%- endmacro %}

{# The tag whose policy has the column's type: a policy of another scale would round #}
{% macro pii_tag(column) -%}
    {%- set type = (column.data_type or 'varchar') | lower | replace(' ', '') -%}
    {%- if type in ('varchar', 'boolean', 'date', 'timestamp') -%}{{ return('pii') }}
    {%- elif type == 'bigint' -%}{{ return('pii_number') }}
    {%- elif type == 'decimal(18,2)' -%}{{ return('pii_amount') }}
    {%- endif -%}
    {{ exceptions.raise_compiler_error(
        model.name ~ "." ~ column.name ~ " is personal and of type " ~ type ~ ", for which there is no masking policy: see R__70_masking.sql"
    ) }}
{%- endmacro %}
