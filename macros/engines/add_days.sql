{#-
    Purpose: a date some days later. dbt.dateadd alone gives a timestamp on DuckDB and a date on Snowflake.
    Parameters: day (date expression), days (whole-number expression; may be negative).
    Usage: {{ add_days('week_start_date', 6) }} as week_end_date
-#}
{% macro add_days(day, days) -%}
    cast({{ dbt.dateadd('day', days, day) }} as date)
{%- endmacro %}
