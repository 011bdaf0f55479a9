{#-
    Purpose: the key of dim_dates: the date as the number YYYYMMDD; -1, the unknown member, where there is no date.
    Parameters: day (date expression).
    Usage: {{ date_key('sold_date') }} as sold_date_key
-#}
{% macro date_key(day) -%}
    coalesce(
        cast(
            extract(year from {{ day }}) * 10000 + extract(month from {{ day }}) * 100 + extract(day from {{ day }})
            as bigint
        ), -1
    )
{%- endmacro %}
