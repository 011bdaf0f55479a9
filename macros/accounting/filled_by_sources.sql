{#-
    Purpose: the rows of a conformed contract: the models int_<source>__<contract> of all sources of which a feed fills it, put together;
        none of the rows of a source that is switched off (variable `sources`).
    Parameters: contract (such as sales_lines; see `fills` in feeds()).
    Usage: with all_lines as ({{ filled_by_sources('sales_lines') }})
-#}
{% macro filled_by_sources(contract) %}
    {%- set sources = [] -%}
    {%- for feed in feeds() if contract in feed.get('fills', []) and feed.source not in sources -%}
        {%- do sources.append(feed.source) -%}
    {%- endfor -%}
    {% for source_name in sources %}
    select * from {{ ref('int_' ~ source_name ~ '__' ~ contract) }}
    {# an incremental model or a snapshot still holds what landed while its source took part #}
    {{ 'where false' if source_name not in var('sources') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
{% endmacro %}
