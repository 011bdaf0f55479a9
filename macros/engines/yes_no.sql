{#-
    Purpose: a flag that the source writes as Y or N; null where it has neither.
    Parameters: field (text expression).
    Usage: {{ yes_no('p_channel_tv') }} as is_tv
-#}
{% macro yes_no(field) -%}
    case {{ field }} when 'Y' then true when 'N' then false end
{%- endmacro %}
