-- Question: how many of our champions (stores, catalog and web) did we lose in each month, and how many did we win?
-- Asked by: marketing, after a campaign.
-- Look out for: a customer can leave a segment without doing anything, because others bought more. Months that have not ended are not
-- there.
with moves as (
    select * from {{ ref('mart_customer_segment_history') }}
),

by_month as (
    select
        from_month_end_date as month_end_date,
        count(case when segment_name = 'Champions' then 1 end) as won_customers,
        count(case when previous_segment_name = 'Champions' then 1 end) as lost_customers
    from moves
    where
        has_moved
        and source_name = 'ops'
    group by from_month_end_date
)

select * from by_month
order by month_end_date desc nulls last
