{#-
    Purpose: an amount divided by a whole number, exactly, rounded half away from zero to cents; null where the divisor is null or 0.
    Parameters: amount (decimal(18, 2) expression), divisor (bigint expression).
    Usage: {{ amount_per('net_sales_amount', 'order_count') }} as average_order_amount   -- decimal(18, 2)
-#}
{% macro amount_per(amount, divisor) -%}
    {#- ratio has four decimals: of a hundredth of the amount they are cents, so that nothing is rounded twice -#}
    cast({{ ratio('cast(' ~ amount ~ ' * 100 as bigint)', '((' ~ divisor ~ ') * 10000)') }} * 100 as decimal(18, 2))
{%- endmacro %}
