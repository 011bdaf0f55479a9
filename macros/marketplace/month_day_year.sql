{#-
    Purpose: read a date written month first and not padded (9/18/2023); null where there is none such.
    Parameters: field (text expression).
    Usage: {{ month_day_year('date_text') }} as sold_date
-#}
{% macro month_day_year(field) -%}
    case
        when {{ field }} like '%/%/____'
            then {{ iso_date(
                "split_part(" ~ field ~ ", '/', 3) || '-' || lpad(split_part(" ~ field ~ ", '/', 1), 2, '0')"
                ~ " || '-' || lpad(split_part(" ~ field ~ ", '/', 2), 2, '0')"
            ) }}
    end
{%- endmacro %}
