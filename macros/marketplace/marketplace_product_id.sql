{#-
    Purpose: the id of a marketplace product. The export has none, and its brand, type and product contradict each other, so a product is the
        combination as the line states it, whatever its case; null where it states nothing.
    Usage: {{ marketplace_product_id() }} as source_product_id   -- over the columns of stg_marketplace__transactions
-#}
{% macro marketplace_product_id() -%}
    case
        when coalesce(category_name, brand_name, product_type_name, product_name) is not null
            then lower(
                coalesce(category_name, '') || ' | ' || coalesce(brand_name, '') || ' | '
                || coalesce(product_type_name, '') || ' | ' || coalesce(product_name, '')
            )
    end
{%- endmacro %}
