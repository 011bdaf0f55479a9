{#-
    Purpose: a whole row as JSON text, without some of its columns. The text differs between the engines (order of keys, blanks): compare it on
        one engine only.
    Parameters: alias (of a table or subquery), without (list of columns to leave out).
    Usage: {{ row_json('landed_rows', ['_loaded_at']) }} as row_content
-#}
{% macro row_json(alias, without=[]) -%}
    {{ adapter.dispatch('row_json', 'retail')(alias, without) }}
{%- endmacro %}

{# merging with a null removes a key #}
{% macro duckdb__row_json(alias, without) -%}
    cast(json_merge_patch(to_json({{ alias }}), '{ {%- for column in without -%} "{{ column }}": null{{ ', ' if not loop.last }} {%- endfor -%} }') as varchar)
{%- endmacro %}

{% macro default__row_json(alias, without) -%}
    to_json(object_delete(object_construct_keep_null({{ alias }}.*), '{{ without | map('upper') | join("', '") }}'))
{%- endmacro %}
