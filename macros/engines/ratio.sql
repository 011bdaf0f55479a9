{#-
    Purpose: divide two whole numbers exactly and round half away from zero to four decimals; null where the divisor is null or 0.
        The engines divide differently (DuckDB in floating point, where 3 / 20000 rounds down), so each gets a form that is exact.
    Parameters: numerator, denominator (bigint expressions).
    Usage: {{ ratio('on_hand_quantity', 'quantity') }} as weeks_of_supply   -- decimal(18, 4)
-#}
{% macro ratio(numerator, denominator) -%}
    {{ adapter.dispatch('ratio', 'retail')(numerator, denominator) }}
{%- endmacro %}

{# whole-number arithmetic: rounding half away from zero is (2 x 10^4 n + d) div 2d on absolute values; an overflow (n above 4 x 10^14) stops #}
{% macro duckdb__ratio(numerator, denominator) -%}
    cast(
        sign({{ numerator }}) * sign({{ denominator }}) * cast(
            divide(abs({{ numerator }}) * 20000 + abs({{ denominator }}), nullif(abs({{ denominator }}) * 2, 0)) as decimal(18, 0)
        ) * cast(0.0001 as decimal(5, 4)) as decimal(18, 4)
    )
{%- endmacro %}

{# eighteen decimals in the quotient keep the second rounding right for divisors up to 10^13, such as amounts in cents #}
{% macro default__ratio(numerator, denominator) -%}
    cast(
        round(cast({{ numerator }} as decimal(38, 18)) / nullif({{ denominator }}, 0), 4)
        as decimal(18, 4)
    )
{%- endmacro %}
