{#-
    Purpose: a postal code that lost its leading zeros by being kept as a number, at the length its country uses (five digits in the USA and
        Germany, four in Australia); any other text as it is.
    Parameters: postal_code, country (text expressions).
    Usage: {{ restore_leading_zeros('postal_text', 'country') }} as postal_code   -- '7302' in the USA becomes '07302'
-#}
{% macro restore_leading_zeros(postal_code, country) -%}
    case
        when {{ dbt.safe_cast(postal_code, 'bigint') }} is null then {{ postal_code }}
        when lower({{ country }}) in ('usa', 'germany') and length({{ postal_code }}) < 5 then lpad({{ postal_code }}, 5, '0')
        when lower({{ country }}) = 'australia' and length({{ postal_code }}) < 4 then lpad({{ postal_code }}, 4, '0')
        else {{ postal_code }}
    end
{%- endmacro %}
