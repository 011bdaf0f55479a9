{#-
    Purpose: the key of dim_times: seconds since midnight; -1, the unknown member, where there is no such second.
    Parameters: second_of_day (whole-number expression).
    Usage: {{ time_key('sold_second_of_day') }} as sold_time_key
-#}
{% macro time_key(second_of_day) -%}
    case when {{ second_of_day }} between 0 and 86399 then {{ second_of_day }} else -1 end
{%- endmacro %}
