{#-
    Purpose: every feed that lands in bronze. A macro feeds_of_...() in macros/accounting/feeds/ declares those of a source, and is found by its
        name, so that a new source edits no file but its own. Of each feed: `source` and `name`; `staging`, the model that checks it; its `key`;
        `kind`, what a later row does (`log`: rows append, and of several with one key the last counts; `state`: each extract is the whole table,
        and the newest counts); `fills`, the contracts that the model int_<source>__<contract> makes of it (filled_by_sources); `names`, where it is
        not the source itself: the source whose products and customers its rows name, and under which the contract has them (int_as_of_dates);
        and, where it fills customers, `customer`, the column of its staging model that names one: by it a night renews only the customers that new
        files name (touched_customers); without it all of the source.
    Usage: {% for feed in feeds() %} ... {{ landed(feed.source, feed.name) }} ... {{ ref(feed.staging) }} ... {% endfor %}
-#}
{% macro feeds() -%}
    {%- set found = [] -%}
    {%- for name in context.keys() | select('string') | sort if name.startswith('feeds_of_') -%}
        {%- do found.extend(context[name]()) -%}
    {%- endfor -%}
    {%- set known = found | map(attribute='source') | unique | list -%}
    {%- for source_name in var('sources') if source_name not in known -%}
        {{ exceptions.raise_compiler_error(
            "the variable `sources` names " ~ source_name ~ ", which has no feeds; known are " ~ known | join(', ')
            ~ " (one macro each in macros/accounting/feeds/)"
        ) }}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
