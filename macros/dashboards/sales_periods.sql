{#-
    Purpose: the weeks that dashboards compare, by source: blocks of 52 whole business weeks, counted back from the last week that has ended
        for every channel of the source. 52 weeks are 364 days, so a block and the one before have the same weekdays and seasons.
        Blocks that are not whole are left out, but for the latest; at most five are kept.
    Columns: source_name, source_title (`sales_ends`), week_start_date, week_end_date, week_number (1 to 52), period_number (1 is the latest),
        period_name, has_year_before (the block before is whole and kept, too).
    Usage: with periods as ({{ sales_periods() }})
-#}
{% macro sales_periods() %}
    with ends as (
        {{ sales_ends() | indent(8) }}
    ),

    weeks as (
        select
            ends.source_name,
            ends.source_title,
            dates.week_start_date,
            dates.week_end_date,
            row_number() over (partition by ends.source_name order by dates.week_start_date desc nulls last) as weeks_back
        from ends
        inner join {{ ref('dim_dates') }} as dates
            on
                ends.first_day <= dates.week_end_date
                and ends.last_day >= dates.week_end_date
                and dates.date_day = dates.week_start_date
    ),

    blocks as (
        select
            *,
            cast(floor((weeks_back - 1) / 52) as bigint) + 1 as period_number
        from weeks
    ),

    counted as (
        select
            *,
            count(*) over (partition by source_name, period_number) as weeks_of_block,
            count(*) over (partition by source_name) as weeks_of_source
        from blocks
    )

    select
        source_name,
        source_title,
        week_start_date,
        week_end_date,
        period_number * 52 - weeks_back + 1 as week_number,
        period_number,
        case
            when period_number = 1 then 'Latest 52 weeks'
            when period_number = 2 then '1 year earlier'
            else cast(period_number - 1 as varchar) || ' years earlier'
        end as period_name,
        period_number < 5 and weeks_of_source >= (period_number + 1) * 52 as has_year_before
    from counted
    where period_number <= 5 and (weeks_of_block = 52 or period_number = 1)
{% endmacro %}
