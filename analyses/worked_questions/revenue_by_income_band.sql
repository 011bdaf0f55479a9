-- Question: how is revenue spread over the incomes of the households that buy, in each channel?
-- Asked by: marketing, to choose whom a campaign addresses.
-- Look out for: the household is the buyer's at the time of sale (household_demographics_key of the line), not today's (dim_customers).
-- Lines whose household is not known stay in, as the last row, so that the shares add up to one. The marketplace knows no household.
with lines as (
    select * from {{ ref('fct_sales') }}
),

dates as (
    select * from {{ ref('dim_dates') }}
),

households as (
    select * from {{ ref('dim_household_demographics') }}
),

by_band as (
    select
        households.income_lower_bound_amount,
        households.income_upper_bound_amount,
        cast(sum(case when lines.channel = 'store' then lines.sales_amount else 0 end) as decimal(18, 2)) as store_sales_amount,
        cast(sum(case when lines.channel = 'catalog' then lines.sales_amount else 0 end) as decimal(18, 2)) as catalog_sales_amount,
        cast(sum(case when lines.channel = 'web' then lines.sales_amount else 0 end) as decimal(18, 2)) as web_sales_amount,
        cast(sum(lines.sales_amount) as decimal(18, 2)) as sales_amount
    from lines
    inner join dates
        on lines.sold_date_key = dates.date_key
    inner join households
        on lines.household_demographics_key = households.household_demographics_key
    where dates.year_number = 2002 and lines.channel in ('store', 'catalog', 'web') and not lines.is_cancelled
    group by households.income_lower_bound_amount, households.income_upper_bound_amount
),

shares as (
    select
        *,
        cast(sales_amount / nullif(sum(sales_amount) over (), 0) as decimal(18, 4)) as sales_share
    from by_band
)

select * from shares
order by income_lower_bound_amount nulls last, income_upper_bound_amount nulls last
