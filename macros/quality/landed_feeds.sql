{#-
    Purpose: every feed that lands in bronze, as declared in the sources: a list of (source, feed).
    Usage: {% for source_name, feed_name in landed_feeds() %} ... {{ source(source_name, feed_name) }} ... {% endfor %}
-#}
{% macro landed_feeds() -%}
    {{ return([
        ('inventory', 'inventory'),
        ('marketplace', 'transactions'),
        ('ops', 'call_center'), ('ops', 'catalog_page'), ('ops', 'catalog_returns'), ('ops', 'catalog_sales'), ('ops', 'customer'),
        ('ops', 'customer_address'), ('ops', 'customer_demographics'), ('ops', 'date_dim'), ('ops', 'household_demographics'),
        ('ops', 'income_band'), ('ops', 'item'), ('ops', 'promotion'), ('ops', 'reason'), ('ops', 'ship_mode'), ('ops', 'store'),
        ('ops', 'store_returns'), ('ops', 'store_sales'), ('ops', 'time_dim'), ('ops', 'warehouse'), ('ops', 'web_page'),
        ('ops', 'web_returns'), ('ops', 'web_sales'), ('ops', 'web_site')
    ]) }}
{%- endmacro %}
