{#-
    Purpose: one text for a set of rows, whatever their order: an aggregate that differs where a row differs. It is compared only with what the same
        engine made; another release of it may make another text, and then rows are compared that are equal.
    Parameters: columns (list).
    Usage: {{ fingerprint(['product_key', 'product_id']) }} as fingerprint
-#}
{% macro fingerprint(columns) -%}
    {{ adapter.dispatch('fingerprint', 'retail')(columns) }}
{%- endmacro %}

{% macro duckdb__fingerprint(columns) -%}
    cast(count(*) as varchar) || ' ' || cast(sum(cast(hash({{ columns | join(', ') }}) as hugeint)) as varchar)
{%- endmacro %}

{% macro default__fingerprint(columns) -%}
    cast(count(*) as varchar) || ' ' || cast(hash_agg({{ columns | join(', ') }}) as varchar)
{%- endmacro %}
