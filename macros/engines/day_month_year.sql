{#-
    Purpose: read a date written day first and not padded (18/9/2023); null where there is none such.
    Parameters: field (text expression).
    Usage: {{ day_month_year("replace(date_text, '.', '/')") }} as sold_date
-#}
{% macro day_month_year(field) -%}
    {{ month_day_year(
        "split_part(" ~ field ~ ", '/', 2) || '/' || split_part(" ~ field ~ ", '/', 1) || '/' || split_part(" ~ field ~ ", '/', 3)"
    ) }}
{%- endmacro %}
