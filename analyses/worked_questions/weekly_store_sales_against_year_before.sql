-- Question: how does each week of each store compare with the same week a year before?
-- Asked by: the store managers, every Monday.
-- Look out for: "a year before" is 364 days, so that weekdays match; weeks are named by their first day, never by year and number.
-- A week that is not over would look like a fall: only whole weeks of 2002. A week without sales a year before has no change. A store
-- that changed its name or size is one store: its durable store_id.
with lines as (
    select * from {{ ref('fct_sales') }}
),

dates as (
    select * from {{ ref('dim_dates') }}
),

stores as (
    select * from {{ ref('dim_stores') }}
),

weekly as (
    select
        lines.store_id,
        dates.week_start_date,
        cast(sum(lines.sales_amount) as decimal(18, 2)) as sales_amount
    from lines
    inner join dates
        on lines.sold_date_key = dates.date_key
    where lines.channel = 'store' and not dates.is_unknown and not lines.is_cancelled
    group by lines.store_id, dates.week_start_date
),

compared as (
    select
        weekly.week_start_date,
        weekly.store_id,
        stores.store_name,
        weekly.sales_amount,
        year_before.sales_amount as sales_amount_year_before,
        cast(weekly.sales_amount / nullif(year_before.sales_amount, 0) - 1 as decimal(18, 4)) as change
    from weekly
    inner join dates
        on weekly.week_start_date = dates.date_day
    inner join stores
        on weekly.store_id = stores.store_id
    left join weekly as year_before
        on
            weekly.store_id = year_before.store_id
            and dates.prior_year_date = year_before.week_start_date
    where dates.week_start_date >= date '2002-01-01' and dates.week_end_date <= date '2002-12-31' and not stores.is_unknown
)

select * from compared
order by week_start_date, store_id
