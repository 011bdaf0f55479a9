{#-
    Purpose: price x quantity, exactly, rounded to cents; null where it would have more than 15 digits before the point, as a damaged line may.
        Amounts of the usual size are multiplied in 18 digits: DuckDB takes twenty times as long to round what needs more.
    Parameters: unit_price (decimal(18, 8) expression), quantity (bigint expression).
    Usage: {{ line_amount('unit_price', 'quantity') }} as sales_amount   -- decimal(18, 2)
-#}
{% macro line_amount(unit_price, quantity) -%}
    case
        when abs({{ unit_price }}) < 1000000 and abs({{ quantity }}) < 10000
            then cast(cast({{ unit_price }} as decimal(14, 8)) * cast({{ quantity }} as decimal(4, 0)) as decimal(18, 2))
        when abs(cast({{ unit_price }} as double) * cast({{ quantity }} as double)) < 1000000000000000
            then cast({{ unit_price }} * {{ quantity }} as decimal(18, 2))
    end
{%- endmacro %}
