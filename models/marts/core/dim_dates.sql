with days as (
    select * from {{ ref('int_days') }}
),

holidays as (
    select
        holiday_date,
        {{ dbt.listagg('holiday_name', "' / '", 'order by holiday_name') }} as holiday_name,
        max(case when is_federal_holiday then 1 else 0 end) = 1 as is_federal_holiday
    from {{ ref('us_holidays') }}
    group by holiday_date
),

source_days as (
    {{ current_state(ref('stg_ops__dates'), ['date_id']) }}
),

weekdays as (
    select
        date_day,
        cast({{ dbt.date_trunc('year', 'date_day') }} as date) as year_start_date,
        cast({{ dbt.date_trunc('quarter', 'date_day') }} as date) as quarter_start_date,
        cast({{ dbt.date_trunc('month', 'date_day') }} as date) as month_start_date,
        cast({{ weekday_number('date_day', var('week_start_day')) }} as integer) as days_into_week,
        cast({{ weekday_number('date_day', 'Sunday') }} as integer) as days_since_sunday,
        cast({{ weekday_number('date_day', 'Monday') }} as integer) as days_since_monday
    from days
),

weeks as (
    select
        *,
        {{ add_days('date_day', '-days_into_week') }} as week_start_date,
        {{ add_days('date_day', '-days_since_monday') }} as iso_week_start_date,
        -- an ISO week belongs to the year of its Thursday
        {{ add_days('date_day', '3 - days_since_monday') }} as iso_thursday,
        {{ add_days('date_day', '-days_since_sunday') }} as retail_week_start_date,
        -- a retail year starts on the one Sunday from 29 January to 4 February, which four weeks earlier is still in that year
        cast({{ dbt.date_trunc('year', add_days('date_day', '-days_since_sunday - 28')) }} as date) as retail_year_january
    from weekdays
),

year_starts as (
    select
        *,
        cast({{ dbt.date_trunc('year', 'iso_thursday') }} as date) as iso_year_january,
        {{ add_days('retail_year_january', 34) }} as fourth_of_february
    from weeks
),

retail_years as (
    select
        *,
        {{ add_days('fourth_of_february', '-' ~ weekday_number('fourth_of_february', 'Sunday')) }} as retail_year_start_date
    from year_starts
),

week_numbers as (
    select
        *,
        cast(floor((iso_thursday - iso_year_january) / 7) as bigint) + 1 as iso_week_number,
        cast(floor((retail_week_start_date - retail_year_start_date) / 7) as bigint) + 1 as retail_week_number
    from retail_years
),

-- quarters of 4, 5 and 4 weeks; a 53rd week belongs to the last month
retail_months as (
    select
        *,
        case
            when retail_week_number <= 4 then 1
            when retail_week_number <= 9 then 2
            when retail_week_number <= 13 then 3
            when retail_week_number <= 17 then 4
            when retail_week_number <= 22 then 5
            when retail_week_number <= 26 then 6
            when retail_week_number <= 30 then 7
            when retail_week_number <= 35 then 8
            when retail_week_number <= 39 then 9
            when retail_week_number <= 43 then 10
            when retail_week_number <= 48 then 11
            else 12
        end as retail_month_number
    from week_numbers
),

members as (
    select
        -- ids
        {{ date_key('retail_months.date_day') }} as date_key,
        retail_months.date_day,

        -- business week
        retail_months.week_start_date,
        {{ add_days('retail_months.week_start_date', 6) }} as week_end_date,
        cast(retail_months.days_into_week + 1 as bigint) as day_of_week_number,
        case retail_months.days_since_sunday
            when 0 then 'Sunday'
            when 1 then 'Monday'
            when 2 then 'Tuesday'
            when 3 then 'Wednesday'
            when 4 then 'Thursday'
            when 5 then 'Friday'
            else 'Saturday'
        end as day_name,
        retail_months.days_since_sunday in (0, 6) as is_weekend,

        -- calendar
        cast(extract(day from retail_months.date_day) as bigint) as day_of_month,
        cast(retail_months.date_day - retail_months.year_start_date + 1 as bigint) as day_of_year,
        cast(extract(month from retail_months.date_day) as bigint) as month_number,
        case extract(month from retail_months.date_day)
            when 1 then 'January'
            when 2 then 'February'
            when 3 then 'March'
            when 4 then 'April'
            when 5 then 'May'
            when 6 then 'June'
            when 7 then 'July'
            when 8 then 'August'
            when 9 then 'September'
            when 10 then 'October'
            when 11 then 'November'
            else 'December'
        end as month_name,
        retail_months.month_start_date,
        cast({{ dbt.last_day('retail_months.date_day', 'month') }} as date) as month_end_date,
        cast(extract(quarter from retail_months.date_day) as bigint) as quarter_number,
        retail_months.quarter_start_date,
        cast(extract(year from retail_months.date_day) as bigint) as year_number,
        retail_months.year_start_date,

        -- ISO week
        cast(extract(year from retail_months.iso_thursday) as bigint) as iso_year,
        retail_months.iso_week_number,
        retail_months.iso_week_start_date,
        cast(retail_months.days_since_monday + 1 as bigint) as iso_day_of_week_number,

        -- NRF 4-5-4 retail calendar
        cast(extract(year from retail_months.retail_year_january) as bigint) as retail_year,
        cast(
            case
                when retail_months.retail_month_number <= 3 then 1
                when retail_months.retail_month_number <= 6 then 2
                when retail_months.retail_month_number <= 9 then 3
                else 4
            end as bigint
        ) as retail_quarter_number,
        cast(retail_months.retail_month_number as bigint) as retail_month_number,
        retail_months.retail_week_number,
        retail_months.retail_week_start_date,
        retail_months.retail_year_start_date,

        -- season and holidays
        case
            when extract(month from retail_months.date_day) in (12, 1, 2) then 'Winter'
            when extract(month from retail_months.date_day) in (3, 4, 5) then 'Spring'
            when extract(month from retail_months.date_day) in (6, 7, 8) then 'Summer'
            else 'Autumn'
        end as season_name,
        holidays.holiday_name,
        holidays.holiday_name is not null as is_holiday,
        coalesce(holidays.is_federal_holiday, false) as is_federal_holiday,

        -- the same weekday a year before
        {{ add_days('retail_months.date_day', -364) }} as prior_year_date,

        -- as the operational source has it
        cast(source_days.date_id as varchar) as source_date_id,
        source_days.month_sequence as source_month_sequence,
        source_days.week_sequence as source_week_sequence,
        source_days.quarter_sequence as source_quarter_sequence,
        source_days.fiscal_year as source_fiscal_year,
        source_days.fiscal_quarter_sequence as source_fiscal_quarter_sequence,
        source_days.fiscal_week_sequence as source_fiscal_week_sequence,
        source_days.quarter_number as source_quarter_number,
        source_days.quarter_name as source_quarter_name,
        source_days.is_holiday as is_source_holiday,
        source_days.is_weekend as is_source_weekend,
        source_days.is_after_holiday as is_source_after_holiday,

        -- flags
        false as is_unknown
    from retail_months
    left join holidays
        on retail_months.date_day = holidays.holiday_date
    left join source_days
        on retail_months.date_day = source_days.date_day
),

members_and_unknown as (
    {{ with_unknown_member('members', {
        'date_key': '-1',
        'day_name': "'Unknown'",
        'month_name': "'Unknown'",
        'is_unknown': 'true'
    }) }}
)

select * from members_and_unknown
