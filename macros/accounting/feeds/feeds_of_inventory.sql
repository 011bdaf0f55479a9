{#- The feeds of `inventory`, the weekly stock counts; see feeds(). -#}
{% macro feeds_of_inventory() -%}
    {{ return([
        {'source': 'inventory', 'name': 'inventory', 'staging': 'stg_inventory__counts', 'kind': 'log',
            'key': ['item_id', 'warehouse_id', 'count_date'], 'fills': ['stock_counts']},
    ]) }}
{%- endmacro %}
