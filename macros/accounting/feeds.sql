{#-
    Purpose: every feed that lands in bronze: its source and name, the staging model that checks it, its key, and what a later row does.
        `log`: rows append, and of several with one key the last counts. `state`: each extract is the whole table, and the newest counts.
    Usage: {% for feed in feeds() %} ... {{ landed(feed.source, feed.name) }} ... {{ ref(feed.staging) }} ... {% endfor %}
-#}
{% macro feeds() -%}
    {{ return([
        {'source': 'inventory', 'name': 'inventory', 'staging': 'stg_inventory__counts', 'kind': 'log',
            'key': ['item_id', 'warehouse_id', 'count_date']},
        {'source': 'marketplace', 'name': 'transactions', 'staging': 'stg_marketplace__transactions', 'kind': 'log', 'key': ['row_key']},
        {'source': 'ops', 'name': 'store_sales', 'staging': 'stg_ops__store_sales', 'kind': 'log', 'key': ['ticket_number', 'item_id']},
        {'source': 'ops', 'name': 'catalog_sales', 'staging': 'stg_ops__catalog_sales', 'kind': 'log', 'key': ['order_number', 'item_id']},
        {'source': 'ops', 'name': 'web_sales', 'staging': 'stg_ops__web_sales', 'kind': 'log', 'key': ['order_number', 'item_id']},
        {'source': 'ops', 'name': 'store_returns', 'staging': 'stg_ops__store_returns', 'kind': 'log', 'key': ['ticket_number', 'item_id']},
        {'source': 'ops', 'name': 'catalog_returns', 'staging': 'stg_ops__catalog_returns', 'kind': 'log',
            'key': ['order_number', 'item_id']},
        {'source': 'ops', 'name': 'web_returns', 'staging': 'stg_ops__web_returns', 'kind': 'log', 'key': ['order_number', 'item_id']},
        {'source': 'ops', 'name': 'call_center', 'staging': 'stg_ops__call_centers', 'kind': 'state', 'key': ['call_center_id']},
        {'source': 'ops', 'name': 'catalog_page', 'staging': 'stg_ops__catalog_pages', 'kind': 'state', 'key': ['catalog_page_id']},
        {'source': 'ops', 'name': 'customer', 'staging': 'stg_ops__customers', 'kind': 'state', 'key': ['customer_id']},
        {'source': 'ops', 'name': 'customer_address', 'staging': 'stg_ops__customer_addresses', 'kind': 'state', 'key': ['address_id']},
        {'source': 'ops', 'name': 'customer_demographics', 'staging': 'stg_ops__customer_demographics', 'kind': 'state',
            'key': ['customer_demographics_id']},
        {'source': 'ops', 'name': 'date_dim', 'staging': 'stg_ops__dates', 'kind': 'state', 'key': ['date_id']},
        {'source': 'ops', 'name': 'household_demographics', 'staging': 'stg_ops__household_demographics', 'kind': 'state',
            'key': ['household_demographics_id']},
        {'source': 'ops', 'name': 'income_band', 'staging': 'stg_ops__income_bands', 'kind': 'state', 'key': ['income_band_id']},
        {'source': 'ops', 'name': 'item', 'staging': 'stg_ops__items', 'kind': 'state', 'key': ['item_id']},
        {'source': 'ops', 'name': 'promotion', 'staging': 'stg_ops__promotions', 'kind': 'state', 'key': ['promotion_id']},
        {'source': 'ops', 'name': 'reason', 'staging': 'stg_ops__reasons', 'kind': 'state', 'key': ['reason_id']},
        {'source': 'ops', 'name': 'ship_mode', 'staging': 'stg_ops__ship_modes', 'kind': 'state', 'key': ['ship_mode_id']},
        {'source': 'ops', 'name': 'store', 'staging': 'stg_ops__stores', 'kind': 'state', 'key': ['store_id']},
        {'source': 'ops', 'name': 'time_dim', 'staging': 'stg_ops__times', 'kind': 'state', 'key': ['time_id']},
        {'source': 'ops', 'name': 'warehouse', 'staging': 'stg_ops__warehouses', 'kind': 'state', 'key': ['warehouse_id']},
        {'source': 'ops', 'name': 'web_page', 'staging': 'stg_ops__web_pages', 'kind': 'state', 'key': ['web_page_id']},
        {'source': 'ops', 'name': 'web_site', 'staging': 'stg_ops__web_sites', 'kind': 'state', 'key': ['web_site_id']},
    ]) }}
{%- endmacro %}
