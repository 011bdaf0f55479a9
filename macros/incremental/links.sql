{#-
    What the rows of a fact are joined to, for the rows that a night does not make anew: a member that changes, appears or goes moves the rows that
    name it. The joins themselves stand in the fact; the two must say the same, and `make equality` compares them.

    links_of_facts: of each fact, its key, the moment of a row, the key of its day (and the day, where it is part of the key), and its links:
        `to` (dimension), `by` (column of the fact, column of the dimension), `gives` ([column of the fact, column of the dimension], the key first, then the durable id where the fact has it), and
        `at`, how a version is chosen: `held` or `named_or_held`, as the macros held_at and named_or_held_at.
    columns_that_facts_name: by dimension, the columns on which a fact depends.
    Usage: see renewed_rows.sql.
-#}
{% macro links_of_facts() -%}
    {%- set product = {'to': 'dim_products_history', 'by': ['source_product_id', 'source_product_id'], 'at': 'named_or_held',
        'gives': [['product_key', 'product_key'], ['product_id', 'product_id']]} -%}
    {%- set warehouse = {'to': 'dim_warehouses', 'by': ['source_warehouse_id', 'source_warehouse_id'],
        'gives': [['warehouse_key', 'warehouse_key'], ['warehouse_id', 'warehouse_id']]} -%}
    {%- set store = {'to': 'dim_stores_history', 'by': ['source_store_id', 'source_store_id'],
        'gives': [['store_key', 'store_key'], ['store_id', 'store_id']]} -%}
    {%- set sales = [product, warehouse, store] -%}
    {%- set returns = [product, warehouse, store] -%}
    {%- for role, prefix in [('bill_', ''), ('ship_', 'ship_')] -%}
        {%- do sales.extend(links_of_customers(role, prefix)) -%}
    {%- endfor -%}
    {%- for role in ['returning_', 'refunded_'] -%}
        {%- do returns.extend(links_of_customers(role, role)) -%}
    {%- endfor -%}
    {%- for name in ['call_center', 'catalog_page', 'web_site', 'web_page', 'shipping_method', 'promotion', 'payment_method'] -%}
        {%- do sales.append(link_by_name(name, 'dim_' ~ name ~ 's')) -%}
    {%- endfor -%}
    {%- do sales.append(link_by_name('order_status', 'dim_order_statuses')) -%}
    {%- for name in ['call_center', 'catalog_page', 'web_page', 'shipping_method', 'return_reason'] -%}
        {%- do returns.append(link_by_name(name, 'dim_' ~ name ~ 's')) -%}
    {%- endfor -%}
    {{ return({
        'fct_sales': {'contract': 'sales_lines', 'links': sales, 'key': 'sales_line_key', 'day_key': 'sold_date_key',
            'moment': 'stored.sold_at'},
        'fct_returns': {'contract': 'returns', 'links': returns, 'key': 'sales_line_key', 'day_key': 'returned_date_key',
            'moment': moment_of('stored.returned_date', 'stored.returned_second_of_day')},
        'fct_stock_counts': {'contract': 'stock_counts', 'links': [product, warehouse],
            'key': "source_name || ' ' || source_product_id || ' ' || source_warehouse_id || ' ' || cast(count_date as varchar)",
            'day': 'count_date', 'day_key': 'count_date_key', 'moment': 'cast(stored.count_date as timestamp)'},
    }) }}
{%- endmacro %}

{% macro links_of_customers(role, prefix) -%}
    {{ return([
        {'to': 'dim_customers_history', 'by': ['source_' ~ role ~ 'customer_id', 'source_customer_id'], 'at': 'held',
            'gives': [[prefix ~ 'customer_key', 'customer_key'], [prefix ~ 'customer_id', 'customer_id']]},
        {'to': 'dim_customer_demographics', 'by': ['source_' ~ role ~ 'customer_demographics_id', 'source_customer_demographics_id'],
            'gives': [[prefix ~ 'customer_demographics_key', 'customer_demographics_key']]},
        {'to': 'dim_household_demographics', 'by': ['source_' ~ role ~ 'household_demographics_id', 'source_household_demographics_id'],
            'gives': [[prefix ~ 'household_demographics_key', 'household_demographics_key']]},
        {'to': 'dim_addresses', 'by': ['source_' ~ role ~ 'address_id', 'source_address_id'],
            'gives': [[prefix ~ 'address_key', 'address_key']]},
    ]) }}
{%- endmacro %}

{% macro link_by_name(name, dimension) -%}
    {{ return({'to': dimension, 'by': ['source_' ~ name ~ '_id', 'source_' ~ name ~ '_id'], 'gives': [[name ~ '_key', name ~ '_key']]}) }}
{%- endmacro %}

{% macro columns_that_facts_name(fact) -%}
    {%- set versions = {'held': ['valid_from', 'held_until'], 'named_or_held': ['changed_at', 'valid_from', 'valid_to']} -%}
    {%- set found = {} -%}
    {%- for link in links_of_facts()[fact].links -%}
        {%- set columns = found.setdefault(link.to, []) -%}
        {%- for column in [link.by[1]] + link.gives | map('last') | list + versions.get(link.at, []) if column not in columns -%}
            {%- do columns.append(column) -%}
        {%- endfor -%}
    {%- endfor -%}
    {#- where the goods went is read from these, too -#}
    {%- for name in ['dim_addresses', 'dim_stores_history'] if fact == 'fct_sales' -%}
        {%- do found[name].append('location_key') -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
