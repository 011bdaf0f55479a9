{#- The feeds of `shop`, the online shop; see feeds(). Every row of `customers` and `products` is a change: only rows of one moment replace one another. -#}
{% macro feeds_of_shop() -%}
    {{ return([
        {'source': 'shop', 'name': 'orders', 'staging': 'stg_shop__orders', 'kind': 'log',
            'key': ['order_id', 'line_number'], 'fills': ['sales_lines']},
        {'source': 'shop', 'name': 'customers', 'staging': 'stg_shop__customers', 'kind': 'log',
            'key': ['customer_id', 'updated_at'], 'fills': ['customers'], 'customer': 'customer_id'},
        {'source': 'shop', 'name': 'products', 'staging': 'stg_shop__products', 'kind': 'log',
            'key': ['product_id', 'updated_at'], 'fills': ['products']},
    ]) }}
{%- endmacro %}
