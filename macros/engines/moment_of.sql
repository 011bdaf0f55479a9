{#-
    Purpose: the moment of an event from its day and second; midnight where there is no such second, null where there is no day.
    Parameters: day (date expression), second_of_day (whole-number expression).
    Usage: {{ moment_of('sold_date', 'sold_second_of_day') }} as sold_at
-#}
{% macro moment_of(day, second_of_day) -%}
    {%- set second = "case when " ~ second_of_day ~ " between 0 and 86399 then " ~ second_of_day ~ " else 0 end" -%}
    cast({{ dbt.dateadd('second', second, 'cast(' ~ day ~ ' as timestamp)') }} as timestamp)
{%- endmacro %}
