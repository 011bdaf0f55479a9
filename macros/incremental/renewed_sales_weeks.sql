{#-
    How sums by week of sale are kept up to date: the weeks are made anew in which a line changed.

    begin_sales_weeks: a pre-hook: removes them.
    changed_sales_weeks: their keys, -1 that of lines without a day: a subquery.
    Usage: see int_store_sales_weeks.
-#}
{% macro begin_sales_weeks() -%}
    {%- if not is_renewal() -%}
        {{ forget_files() }}
    {%- elif is_made_whole(['fct_sales']) -%}
        delete from {{ this }}
    {%- else -%}
        delete from {{ this }} where week_start_date_key in ({{ changed_sales_weeks() }})
    {%- endif -%}
{%- endmacro %}

{% macro changed_sales_weeks() %}
    select {{ date_key('changed_days.week_start_date') }}
    from {{ built('gold', 'dim_dates') }} as changed_days
    inner join ({{ changed_rows('fct_sales') }}) as changes
        on {{ date_key('changes.day') }} = changed_days.date_key
{% endmacro %}
