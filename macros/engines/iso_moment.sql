{#-
    Purpose: read a moment (UTC) from text in the forms YYYY-MM-DD HH:MM:SS, with or without a fraction of up to six digits, and YYYY-MM-DD
        (midnight); T may stand between day and time, and Z after it. Null where it is none of them: the engines' own casts accept further forms
        (an offset after the fraction, 24:00:00), not the same ones, and read an offset differently.
    Parameters: field (text expression).
    Usage: {{ iso_moment('updated_at_text') }} as updated_at
-#}
{% macro iso_moment(field) -%}
    {%- set plain = "rtrim(replace(" ~ field ~ ", 'T', ' '), 'Z')" -%}
    case
        when {{ plain }} like '____-__-__ 24%' then null
        when
            {{ plain }} like '____-__-__'
            or {{ plain }} like '____-__-__ __:__:__'
            or (
                {{ plain }} like '____-__-__ __:__:__.%'
                and length({{ plain }}) between 21 and 26
                and translate(substr({{ plain }}, 21), '0123456789', '') = ''
            )
            then {{ dbt.safe_cast(plain, 'timestamp') }}
    end
{%- endmacro %}
