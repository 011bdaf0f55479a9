{#-
    Purpose: the rows of a feed as they landed; none of them where its source is switched off (variable `sources`), so that every model builds in
        every combination of sources.
    Parameters: source_name, feed_name, as declared in the sources.
    Usage: with landed as ({{ landed('ops', 'item') }})
-#}
{% macro landed(source_name, feed_name) -%}
    select * from {{ source(source_name, feed_name) }}
    {%- if source_name not in var('sources') %} where false{% endif %}
{%- endmacro %}

{#-
    Purpose: the same for staging that is a table and not a view, since its values are text that has to be parsed: at night the rows of new
        files alone are parsed, and added.
    Parameters: source_name, feed_name, names (from new_names).
    Usage: see stg_inventory__counts.
-#}
{% macro newly_landed(source_name, feed_name, names) -%}
    select * from {{ source(source_name, feed_name) }}
    where
        {{ in_new_files(names, [[source_name, feed_name]]) }}
        {%- if source_name not in var('sources') %}
        and false
        {%- endif %}
{%- endmacro %}
