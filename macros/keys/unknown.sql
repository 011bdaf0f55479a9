{#-
    Purpose: the fixed key of the unknown member that every dimension has.
    Usage: coalesce(products.product_key, {{ unknown_key() }}) as product_key
-#}
{% macro unknown_key() -%}'-1'{%- endmacro %}
