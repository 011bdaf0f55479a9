{#-
    A source's model has exactly the columns of the contract that it fills: same names, same types, same order (they are put together by position).
    Arguments: contract (name of the conformed model whose documented columns are the contract).
    One row is a column that differs.
-#}
{% test fills_contract(model, contract) %}
{% set faults = [] %}
{# the columns are asked of the database, which a mere compilation has not got #}
{% if execute and flags.WHICH not in ['compile', 'generate', 'list', 'parse'] %}
    {% set wanted = graph.nodes['model.' ~ project_name ~ '.' ~ contract].columns.values() | list %}
    {% set found = adapter.get_columns_in_relation(model) %}
    {% for place in range([wanted | length, found | length] | max) %}
        {% set want = wanted[place].name | lower ~ ' ' ~ plain_type(wanted[place].data_type) if place < wanted | length else 'nothing' %}
        {% set have = found[place].name | lower ~ ' ' ~ plain_type_of(found[place]) if place < found | length else 'nothing' %}
        {% if want != have %}{% do faults.append([place + 1, want, have]) %}{% endif %}
    {% endfor %}
{% endif %}
select *
from (
    {% for fault in faults %}
    select {{ fault[0] }} as place, '{{ fault[1] }}' as contract_has, '{{ fault[2] }}' as model_has
    union all
    {% endfor %}
    select 0 as place, '' as contract_has, '' as model_has
) as compared
where place > 0
{% endtest %}
