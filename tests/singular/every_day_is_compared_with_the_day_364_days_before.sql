-- What the rows of a day say of the year before adds up to what the rows of that day, 364 days earlier, say of themselves: per source and
-- channel, in amount, units and orders. And every order is counted once. It would fail where a row is missing on one of the days.
-- Nothing is tolerated. Who acts: whoever changed the daily mart.
with days as (
    select
        source_name,
        channel,
        date_day,
        prior_year_date,
        sum(sales_amount) as sales_amount,
        sum(quantity) as quantity,
        sum(orders) as orders,
        sum(sales_amount_year_before) as sales_amount_year_before,
        sum(quantity_year_before) as quantity_year_before,
        sum(orders_year_before) as orders_year_before
    from {{ ref('mart_sales_daily') }}
    where date_day is not null
    group by source_name, channel, date_day, prior_year_date
),

spans as (
    select
        source_name,
        min(sold_date) as first_sold_date,
        max(sold_date) as last_sold_date
    from {{ ref('fct_sales') }}
    group by source_name
),

-- days whose counterpart a year later lies within the source's sales
compared as (
    select
        days.source_name,
        days.channel,
        days.date_day,
        days.sales_amount,
        later.sales_amount_year_before,
        days.quantity,
        later.quantity_year_before,
        days.orders,
        later.orders_year_before
    from days
    inner join spans
        on
            days.source_name = spans.source_name
            and days.date_day >= spans.first_sold_date
            and spans.last_sold_date >= {{ add_days('days.date_day', 364) }}
    left join days as later
        on
            days.source_name = later.source_name
            and days.channel = later.channel
            and days.date_day = later.prior_year_date
    where
        days.sales_amount != coalesce(later.sales_amount_year_before, 0)
        or days.quantity != coalesce(later.quantity_year_before, 0)
        or days.orders != coalesce(later.orders_year_before, 0)
),

orders as (
    select
        source_name,
        channel,
        cast(count(distinct order_id) as bigint) as orders
    from {{ ref('fct_sales') }}
    where not is_cancelled
    group by source_name, channel
),

counted_orders as (
    select
        source_name,
        channel,
        cast(sum(orders) as bigint) as orders
    from {{ ref('mart_sales_daily') }}
    group by source_name, channel
    having sum(orders) > 0
),

faults as (
    select
        'year before' as fault,
        source_name,
        channel,
        date_day
    from compared
    union all
    select
        'orders' as fault,
        coalesce(orders.source_name, counted_orders.source_name) as source_name,
        coalesce(orders.channel, counted_orders.channel) as channel,
        cast(null as date) as date_day
    from orders
    full outer join counted_orders
        on
            orders.source_name = counted_orders.source_name
            and orders.channel = counted_orders.channel
    where orders.orders is distinct from counted_orders.orders
)

select * from faults
