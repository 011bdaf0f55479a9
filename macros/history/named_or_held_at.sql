{#-
    Purpose: which version of a product a line takes: where the source numbers its versions (changed_at is null) the one that the line names, even
        if it was not valid on that day; else, the line naming only the product, the one valid at the moment.
    Two comparisons with one side each, not an "or": with that in a left join DuckDB compares every line with every product.
    Parameters: versions (alias of dim_products_history), moment (timestamp expression).
    Usage: left join products on lines.source_product_id = products.source_product_id and {{ named_or_held_at('products', 'lines.sold_at') }}
-#}
{% macro named_or_held_at(versions, moment) -%}
    {%- set instant = "coalesce(" ~ moment ~ ", cast('9999-12-30' as timestamp))" -%}
    {%- set always = versions ~ ".changed_at is null" -%}
    case when {{ always }} then cast({{ history_floor() }} as timestamp) else {{ versions }}.valid_from end <= {{ instant }}
    and {{ instant }} < case when {{ always }} then cast({{ history_ceiling() }} as timestamp) else {{ versions }}.valid_to end
{%- endmacro %}
