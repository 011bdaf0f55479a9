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
