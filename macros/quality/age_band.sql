{#-
    Purpose: the band of an age, so that reports need no age: under 18, 18-24, then tens, 65+; null where the age is not known.
    Usage: {{ age_band('age') }} as age_band
-#}
{% macro age_band(age) -%}
    case
        when {{ age }} < 18 then 'under 18'
        when {{ age }} <= 24 then '18-24'
        when {{ age }} <= 34 then '25-34'
        when {{ age }} <= 44 then '35-44'
        when {{ age }} <= 54 then '45-54'
        when {{ age }} <= 64 then '55-64'
        when {{ age }} >= 65 then '65+'
    end
{%- endmacro %}
