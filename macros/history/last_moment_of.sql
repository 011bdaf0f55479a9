{#-
    Purpose: the last moment of a day, for looking up the version that holds when the day ends.
    Parameters: day (date expression).
    Usage: {{ valid_at('products', last_moment_of('weeks.week_end_date')) }}
-#}
{% macro last_moment_of(day) -%}
    {{ dbt.dateadd('microsecond', -1, "cast(" ~ add_days(day, 1) ~ " as timestamp)") }}
{%- endmacro %}
