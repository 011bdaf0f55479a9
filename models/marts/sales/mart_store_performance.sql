with sales_by_week as (
    select * from {{ ref('int_store_sales_weeks') }}
),

returned_lines as (
    select * from {{ ref('fct_returns') }}
),

dates as (
    select * from {{ ref('dim_dates') }}
),

stores as (
    select * from {{ ref('dim_stores') }}
),

store_versions as (
    select * from {{ ref('dim_stores_history') }}
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

-- the unknown day is a week of its own, with the key -1
days as (
    select
        date_key,
        {{ date_key('week_start_date') }} as week_start_date_key
    from dates
),

weeks as (
    select
        week_start_date,
        max(week_end_date) as week_end_date,
        {{ date_key('week_start_date') }} as week_start_date_key,
        {{ date_key(add_days('week_start_date', -7)) }} as week_before_key,
        {{ date_key(add_days('week_start_date', -364)) }} as year_before_key
    from dates
    group by week_start_date
),

returns_by_week as (
    select
        returned_lines.store_id,
        days.week_start_date_key,
        count(*) as returned_lines,
        coalesce(sum(returned_lines.return_quantity), 0) as return_quantity,
        coalesce(sum(returned_lines.return_amount), 0) as return_amount,
        coalesce(sum(returned_lines.net_loss_amount), 0) as return_loss_amount
    from returned_lines
    inner join days
        on returned_lines.returned_date_key = days.date_key
    where
        returned_lines.channel = 'store'
        or returned_lines.store_id != 'unknown'
    group by returned_lines.store_id, days.week_start_date_key
),

active_weeks as (
    select
        store_id,
        week_start_date_key
    from sales_by_week
    union all
    select
        store_id,
        week_start_date_key
    from returns_by_week
),

spans as (
    select
        store_id,
        min(week_start_date_key) as first_week_key,
        max(week_start_date_key) as last_week_key
    from active_weeks
    where week_start_date_key != -1
    group by store_id
),

-- deliberate fan-out: one row a week, so that weeks without sales are seen
store_weeks as (
    select
        spans.store_id,
        weeks.week_start_date_key
    from spans
    inner join weeks
        on
            spans.first_week_key <= weeks.week_start_date_key
            and spans.last_week_key >= weeks.week_start_date_key
    union all
    select distinct
        store_id,
        week_start_date_key
    from active_weeks
    where week_start_date_key = -1
),

source_spans as (
    select
        stores.source_name,
        min(sales_by_week.week_start_date_key) as first_week_key,
        max(sales_by_week.week_start_date_key) as last_week_key
    from sales_by_week
    inner join stores
        on sales_by_week.store_id = stores.store_id
    where
        sales_by_week.week_start_date_key != -1
        and not stores.is_unknown
    group by stores.source_name
),

-- weeks are compared by date, never with the row before. Before its source's first sale there is nothing to compare with, after its last
-- nothing to compare; between them a week without a row is a week without sales
compared as (
    select
        store_weeks.store_id,
        weeks.week_start_date_key,
        weeks.week_start_date,
        weeks.week_end_date,
        stores.source_name,
        stores.store_name,
        stores.city,
        stores.state,
        stores.country,
        stores.market_manager_name,
        store_versions.floor_space_square_feet,
        store_versions.employee_count,
        case when weeks.week_before_key >= source_spans.first_week_key then coalesce(week_before.quantity, 0) end as quantity_week_before,
        case
            when weeks.week_before_key >= source_spans.first_week_key then coalesce(week_before.sales_amount, 0)
        end as sales_amount_week_before,
        case when weeks.year_before_key >= source_spans.first_week_key then coalesce(year_before.quantity, 0) end as quantity_year_before,
        case
            when weeks.year_before_key >= source_spans.first_week_key then coalesce(year_before.sales_amount, 0)
        end as sales_amount_year_before
    from store_weeks
    inner join weeks
        on store_weeks.week_start_date_key = weeks.week_start_date_key
    inner join stores
        on store_weeks.store_id = stores.store_id
    left join store_versions
        on
            store_weeks.store_id = store_versions.store_id
            and {{ valid_at('store_versions', last_moment_of('weeks.week_end_date')) }}
    left join source_spans
        on
            stores.source_name = source_spans.source_name
            and weeks.week_start_date_key <= source_spans.last_week_key
    left join sales_by_week as week_before
        on
            store_weeks.store_id = week_before.store_id
            and weeks.week_before_key = week_before.week_start_date_key
    left join sales_by_week as year_before
        on
            store_weeks.store_id = year_before.store_id
            and weeks.year_before_key = year_before.week_start_date_key
),

measured as (
    select
        compared.*,
        coalesce(sales_by_week.sold_lines, 0) as sold_lines,
        coalesce(sales_by_week.quantity, 0) as quantity,
        coalesce(sales_by_week.sales_amount, 0) as sales_amount,
        coalesce(sales_by_week.coupon_amount, 0) as coupon_amount,
        sales_by_week.profit_amount,
        coalesce(sales_by_week.distinct_orders, 0) as distinct_orders,
        coalesce(sales_by_week.distinct_customers, 0) as distinct_customers,
        coalesce(sales_by_week.incomplete_lines, 0) as incomplete_lines,
        coalesce(sales_by_week.cancelled_lines, 0) as cancelled_lines,
        coalesce(sales_by_week.cancelled_quantity, 0) as cancelled_quantity,
        coalesce(sales_by_week.cancelled_sales_amount, 0) as cancelled_sales_amount,
        coalesce(returns_by_week.returned_lines, 0) as returned_lines,
        coalesce(returns_by_week.return_quantity, 0) as return_quantity,
        coalesce(returns_by_week.return_amount, 0) as return_amount,
        coalesce(returns_by_week.return_loss_amount, 0) as return_loss_amount
    from compared
    left join sales_by_week
        on
            compared.store_id = sales_by_week.store_id
            and compared.week_start_date_key = sales_by_week.week_start_date_key
    left join returns_by_week
        on
            compared.store_id = returns_by_week.store_id
            and compared.week_start_date_key = returns_by_week.week_start_date_key
),

per_resource as (
    select
        *,
        {{ amount_ratio('sales_amount', 'floor_space_square_feet') }} as sales_amount_per_square_foot,
        {{ amount_ratio('sales_amount', 'employee_count') }} as sales_amount_per_employee
    from measured
),

-- ranked are the stores that sold in the week
ranked as (
    select
        store_id,
        week_start_date_key,
        rank() over (partition by week_start_date_key order by sales_amount desc nulls last) as rank_by_amount,
        rank() over (
            partition by week_start_date_key order by sales_amount_per_square_foot desc nulls last
        ) as rank_by_amount_per_square_foot
    from per_resource
    where
        sold_lines > 0
        and week_start_date_key != -1
        and store_id != 'unknown'
),

finished as (
    select
        -- ids
        measured.store_id,
        measured.week_start_date_key,
        measured.week_start_date,
        measured.week_end_date,
        measured.source_name,

        -- the store: place and name as they are now, size and staff as when the week ends
        measured.store_name,
        measured.city,
        measured.state,
        measured.country,
        measured.market_manager_name,
        measured.floor_space_square_feet,
        measured.employee_count,

        -- sold in the week
        cast(measured.sold_lines as bigint) as sold_lines,
        cast(measured.quantity as bigint) as quantity,
        cast(measured.sales_amount as decimal(18, 2)) as sales_amount,
        cast(measured.coupon_amount as decimal(18, 2)) as coupon_amount,
        cast(measured.sales_amount - measured.coupon_amount as decimal(18, 2)) as net_sales_amount,
        cast(measured.profit_amount as decimal(18, 2)) as profit_amount,
        cast(measured.distinct_orders as bigint) as distinct_orders,
        cast(measured.distinct_customers as bigint) as distinct_customers,
        cast(measured.incomplete_lines as bigint) as incomplete_lines,
        measured.sales_amount_per_square_foot,
        measured.sales_amount_per_employee,

        -- cancelled
        cast(measured.cancelled_lines as bigint) as cancelled_lines,
        cast(measured.cancelled_quantity as bigint) as cancelled_quantity,
        cast(measured.cancelled_sales_amount as decimal(18, 2)) as cancelled_sales_amount,

        -- returned in the week
        cast(measured.returned_lines as bigint) as returned_lines,
        cast(measured.return_quantity as bigint) as return_quantity,
        cast(measured.return_amount as decimal(18, 2)) as return_amount,
        cast(measured.return_loss_amount as decimal(18, 2)) as return_loss_amount,
        cast(
            measured.sales_amount - measured.coupon_amount - measured.return_amount as decimal(18, 2)
        ) as net_sales_after_returns_amount,

        -- rank among the stores that sold in the week
        cast(ranked.rank_by_amount as bigint) as rank_by_amount,
        case
            when measured.sales_amount_per_square_foot is not null then cast(ranked.rank_by_amount_per_square_foot as bigint)
        end as rank_by_amount_per_square_foot,

        -- the week before
        cast(measured.quantity_week_before as bigint) as quantity_week_before,
        cast(measured.sales_amount_week_before as decimal(18, 2)) as sales_amount_week_before,
        cast(measured.sales_amount - measured.sales_amount_week_before as decimal(18, 2)) as sales_amount_week_change,
        {{ amount_ratio('measured.sales_amount - measured.sales_amount_week_before', 'measured.sales_amount_week_before') }}
            as sales_amount_week_change_ratio,

        -- the same week a year before
        cast(measured.quantity_year_before as bigint) as quantity_year_before,
        cast(measured.sales_amount_year_before as decimal(18, 2)) as sales_amount_year_before,
        cast(measured.sales_amount - measured.sales_amount_year_before as decimal(18, 2)) as sales_amount_year_change,
        {{ amount_ratio('measured.sales_amount - measured.sales_amount_year_before', 'measured.sales_amount_year_before') }}
            as sales_amount_year_change_ratio,

        -- flags
        coalesce(measured.week_end_date <= as_of.as_of_date, false) as is_complete_week
    from per_resource as measured
    left join ranked
        on
            measured.store_id = ranked.store_id
            and measured.week_start_date_key = ranked.week_start_date_key
    cross join as_of
)

select * from finished
