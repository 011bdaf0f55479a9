{#-
    Every key of a fact is found in its dimension. One test reads the fact for all of its keys, in place of a relationships test a key.
    Arguments: keys (mapping: column of the fact to [dimension, its key]).
    One row is a key value that is missing from its dimension, and how many rows of the fact have it.
-#}
{% test keys_resolve(model, keys) %}
{% for column, dimension in keys.items() %}
select
    '{{ column }}' as key_column,
    cast(facts.{{ column }} as varchar) as missing_key,
    count(*) as row_count
from {{ model }} as facts
left join {{ ref(dimension[0]) }} as members
    on facts.{{ column }} = members.{{ dimension[1] }}
where members.{{ dimension[1] }} is null
group by facts.{{ column }}
{{ 'union all' if not loop.last }}
{% endfor %}
{% endtest %}
