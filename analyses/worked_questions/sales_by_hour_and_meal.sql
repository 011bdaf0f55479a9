-- Question: at which hours do we sell, in which channel, and how much falls on breakfast, lunch and dinner?
-- Asked by: the head of stores, to plan shifts; the web shop, to plan campaigns.
-- Look out for: a line without a time points to the unknown member of dim_times and is left out here, so the shares are of the lines
-- whose time is known. A meal is an attribute of the second of day; most hours belong to none.
with lines as (
    select * from {{ ref('fct_sales') }}
),

dates as (
    select * from {{ ref('dim_dates') }}
),

times as (
    select * from {{ ref('dim_times') }}
),

by_hour as (
    select
        times.hour_number,
        times.meal_time,
        cast(sum(case when lines.channel = 'store' then lines.sales_amount else 0 end) as decimal(18, 2)) as store_sales_amount,
        cast(sum(case when lines.channel = 'catalog' then lines.sales_amount else 0 end) as decimal(18, 2)) as catalog_sales_amount,
        cast(sum(case when lines.channel = 'web' then lines.sales_amount else 0 end) as decimal(18, 2)) as web_sales_amount,
        cast(sum(lines.sales_amount) as decimal(18, 2)) as sales_amount
    from lines
    inner join dates
        on lines.sold_date_key = dates.date_key
    inner join times
        on lines.sold_time_key = times.time_key
    where
        dates.year_number = 2002
        and lines.channel in ('store', 'catalog', 'web')
        and not times.is_unknown
        and not lines.is_cancelled
    group by times.hour_number, times.meal_time
),

shares as (
    select
        *,
        cast(sales_amount / nullif(sum(sales_amount) over (), 0) as decimal(18, 4)) as sales_share
    from by_hour
)

select * from shares
order by hour_number, meal_time nulls last
