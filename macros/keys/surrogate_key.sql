{#-
    Purpose: a key from the values that identify a row: the MD5 of their texts, the same on both engines and on every run.
    Parameters: values: list of expressions, each text, or a pair [expression, type] with a type that `hash_text` knows.
    Usage: {{ surrogate_key(["'ops'", ['item_id', 'integer']]) }} as product_key
-#}
{% macro surrogate_key(values) -%}
    {%- set texts = [] -%}
    {%- for value in values -%}
        {%- if value is string -%}{%- do texts.append(hash_text(value, 'text')) -%}
        {%- else -%}{%- do texts.append(hash_text(value[0], value[1])) -%}
        {%- endif -%}
    {%- endfor -%}
    md5({{ texts | join(" || chr(31) || ") }})
{%- endmacro %}
