{#-
    Purpose: `ratio` for amounts: divide two amounts, or an amount by a count, exactly and in whole cents. Half away from zero, null where
        the divisor is null or 0.
    Parameters: numerator, denominator (expressions with at most two decimals).
    Usage: {{ amount_ratio('sales_amount', 'floor_space_square_feet') }} as sales_amount_per_square_foot   -- decimal(18, 4)
-#}
{% macro amount_ratio(numerator, denominator) -%}
    {{ ratio("cast((" ~ numerator ~ ") * 100 as bigint)", "cast((" ~ denominator ~ ") * 100 as bigint)") }}
{%- endmacro %}
