{#- The feeds of `inventory`, the weekly stock counts, which name the items and warehouses of `ops`; see feeds(). -#}
{% macro feeds_of_inventory() -%}
    {{ return([
        {'source': 'inventory', 'name': 'inventory', 'staging': 'stg_inventory__counts', 'kind': 'log',
            'key': ['item_id', 'warehouse_id', 'count_date'], 'fills': ['stock_counts'], 'names': 'ops'},
    ]) }}
{%- endmacro %}
