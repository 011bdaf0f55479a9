{#-
    Purpose: seconds since midnight from a time written H:MM:SS; null where there is no such time.
    Parameters: field (text expression).
    Usage: {{ second_of_day('time_text') }} as sold_second_of_day
-#}
{% macro second_of_day(field) -%}
    {%- set parts = [] -%}
    {%- for place, limit in [(1, 23), (2, 59), (3, 59)] -%}
        {%- set part = whole_number("split_part(" ~ field ~ ", ':', " ~ place ~ ")") -%}
        {%- do parts.append("case when " ~ part ~ " between 0 and " ~ limit ~ " then " ~ part ~ " end") -%}
    {%- endfor -%}
    ({{ parts[0] }}) * 3600 + ({{ parts[1] }}) * 60 + ({{ parts[2] }})
{%- endmacro %}
