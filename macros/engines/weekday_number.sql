{#-
    Purpose: days since the last given weekday (0 on that day), counted from a day whose weekday is known. The engines' own weekday and week
        functions differ, and Snowflake's depend on session parameters.
    Parameters: day (date expression), first_day (name of a weekday).
    Usage: {{ add_days('date_day', '-' ~ weekday_number('date_day', 'Sunday')) }} as week_start_date
-#}
{% macro weekday_number(day, first_day) -%}
    {%- set weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] -%}
    {%- if first_day not in weekdays -%}
        {{ exceptions.raise_compiler_error("'" ~ first_day ~ "' is no weekday; write one of " ~ weekdays | join(', ')) }}
    {%- endif -%}
    {#- 1899-12-31 was a Sunday, and lies before every day of the calendar, so that the remainder is never negative -#}
    mod({{ day }} - date '1899-12-31' - {{ weekdays.index(first_day) }}, 7)
{%- endmacro %}
