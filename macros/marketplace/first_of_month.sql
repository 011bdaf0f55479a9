{#-
    Purpose: the first day of a month given as a year ("2023" or "2023.0") and the month's English name; null where either cannot be read.
    Parameters: year, month (text expressions).
    Usage: {{ first_of_month('year_text', 'month_text') }} as first_of_sold_month
-#}
{% macro first_of_month(year, month) -%}
    {{ iso_date(
        id_text(year) ~ " || case lower(" ~ month ~ ") when 'january' then '-01-01' when 'february' then '-02-01' when 'march' then '-03-01'"
        ~ " when 'april' then '-04-01' when 'may' then '-05-01' when 'june' then '-06-01' when 'july' then '-07-01' when 'august' then '-08-01'"
        ~ " when 'september' then '-09-01' when 'october' then '-10-01' when 'november' then '-11-01' when 'december' then '-12-01' end"
    ) }}
{%- endmacro %}
