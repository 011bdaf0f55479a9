{#-
    Purpose: the days that dim_dates covers. A business date outside them is a mistake of the source and rejects its row.
    Usage: when not {{ in_calendar('sold_date') }} then 'sold_date is outside the calendar'   -- a null date is not outside
-#}
{% macro in_calendar(day) -%}
    {{ day }} between date '{{ calendar_start() }}' and date '{{ calendar_end() }}'
{%- endmacro %}

{% macro calendar_start() -%}1990-01-01{%- endmacro %}

{% macro calendar_end() -%}2035-12-31{%- endmacro %}
