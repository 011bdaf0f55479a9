{#-
    Purpose: the days of `sales_periods`, with what reports of facts need of them.
        Distinct, though no day occurs twice: so that an engine joins the few days first, and not each line with every week of its source.
    Columns: those of `sales_periods`; date_key, date_day, day_of_week_number, day_name.
    Usage: with days as ({{ sales_period_days() }})
-#}
{% macro sales_period_days() %}
    select distinct
        periods.*,
        dates.date_key,
        dates.date_day,
        dates.day_of_week_number,
        dates.day_name
    from (
        {{ sales_periods() | indent(8) }}
    ) as periods
    inner join {{ ref('dim_dates') }} as dates
        on periods.week_start_date = dates.week_start_date
{% endmacro %}
