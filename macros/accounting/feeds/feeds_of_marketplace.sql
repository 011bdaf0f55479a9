{#- The feeds of `marketplace`, the marketplace's export; see feeds(). -#}
{% macro feeds_of_marketplace() -%}
    {{ return([
        {'source': 'marketplace', 'name': 'transactions', 'staging': 'stg_marketplace__transactions', 'kind': 'log',
            'key': ['row_key'], 'fills': ['sales_lines', 'products', 'customers'], 'customer': 'customer_id'},
    ]) }}
{%- endmacro %}
