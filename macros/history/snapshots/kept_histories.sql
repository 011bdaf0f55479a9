{#-
    Purpose: the histories that snapshots keep, for sources that show only their current state. Of each: `source`; `feeds` whose extracts it is made
        from; `staging` and `staging_key`, the model that names its keys and their column; `key`, that column in the snapshot.
    Usage: {{ kept_histories()['ops__customers'].feeds }}
-#}
{% macro kept_histories() -%}
    {{ return({
        'ops__customers': {
            'source': 'ops', 'staging': 'stg_ops__customers', 'staging_key': 'customer_id', 'key': 'source_customer_id',
            'feeds': ['customer', 'customer_address', 'customer_demographics', 'household_demographics', 'income_band']},
        'ops__stores': {
            'source': 'ops', 'staging': 'stg_ops__stores', 'staging_key': 'store_id', 'key': 'store_id', 'feeds': ['store']},
        'ops__warehouses': {
            'source': 'ops', 'staging': 'stg_ops__warehouses', 'staging_key': 'warehouse_id', 'key': 'warehouse_id', 'feeds': ['warehouse']},
        'ops__promotions': {
            'source': 'ops', 'staging': 'stg_ops__promotions', 'staging_key': 'promotion_id', 'key': 'promotion_id', 'feeds': ['promotion']},
    }) }}
{%- endmacro %}
