with sales_by_week as (
    select * from {{ ref('int_warehouse_sales_weeks') }}
),

-- lines of stores name no warehouse, and are most
lines_of_warehouses as (
    select *
    from {{ ref('fct_sales') }}
    where warehouse_id != 'unknown'
),

returned_lines as (
    select * from {{ ref('fct_returns') }}
),

weekly_stock as (
    select * from {{ ref('fct_weekly_sales_inventory') }}
),

channels as (
    select * from {{ ref('dim_channels') }}
),

dates as (
    select * from {{ ref('dim_dates') }}
),

warehouses as (
    select * from {{ ref('dim_warehouses') }}
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

-- goods that come back count for the warehouse that had shipped them: a return by web names none
traced_returns as (
    select
        returned_lines.* exclude (warehouse_id),
        coalesce(lines_of_warehouses.warehouse_id, returned_lines.warehouse_id) as warehouse_id
    from returned_lines
    left join lines_of_warehouses
        on returned_lines.sales_line_key = lines_of_warehouses.sales_line_key
),

returns_by_week as (
    select
        traced_returns.warehouse_id,
        days.week_start_date_key,
        count(*) as returned_lines,
        coalesce(sum(traced_returns.return_quantity), 0) as return_quantity,
        coalesce(sum(traced_returns.return_amount), 0) as return_amount,
        coalesce(sum(traced_returns.net_loss_amount), 0) as return_loss_amount
    from traced_returns
    inner join days
        on traced_returns.returned_date_key = days.date_key
    inner join channels
        on traced_returns.channel = channels.channel
    where
        channels.ships_from_warehouse
        or traced_returns.warehouse_id != 'unknown'
    group by traced_returns.warehouse_id, days.week_start_date_key
),

-- stock is added up over products, within one week: never over weeks
stock_by_week as (
    select
        warehouse_id,
        {{ date_key('week_start_date') }} as week_start_date_key,
        sum(inv_on_hand_qty_wk) as on_hand_quantity,
        count(inv_on_hand_qty_wk) as products_with_known_stock,
        count(case when low_stock_flg_wk then 1 end) as low_stock_products
    from weekly_stock
    group by warehouse_id, week_start_date
),

active_weeks as (
    select
        warehouse_id,
        week_start_date_key
    from sales_by_week
    union all
    select
        warehouse_id,
        week_start_date_key
    from returns_by_week
    union all
    select
        warehouse_id,
        week_start_date_key
    from stock_by_week
),

spans as (
    select
        warehouse_id,
        min(week_start_date_key) as first_week_key,
        max(week_start_date_key) as last_week_key
    from active_weeks
    where week_start_date_key != -1
    group by warehouse_id
),

-- deliberate fan-out: one row a week, so that weeks without sales are seen
warehouse_weeks as (
    select
        spans.warehouse_id,
        weeks.week_start_date_key
    from spans
    inner join weeks
        on
            spans.first_week_key <= weeks.week_start_date_key
            and spans.last_week_key >= weeks.week_start_date_key
    union all
    select distinct
        warehouse_id,
        week_start_date_key
    from active_weeks
    where week_start_date_key = -1
),

source_spans as (
    select
        warehouses.source_name,
        min(sales_by_week.week_start_date_key) as first_week_key,
        max(sales_by_week.week_start_date_key) as last_week_key
    from sales_by_week
    inner join warehouses
        on sales_by_week.warehouse_id = warehouses.warehouse_id
    where
        sales_by_week.week_start_date_key != -1
        and not warehouses.is_unknown
    group by warehouses.source_name
),

-- weeks are compared by date, never with the row before. Before its source's first sale there is nothing to compare with, after its last
-- nothing to compare; between them a week without a row is a week without sales
compared as (
    select
        warehouse_weeks.warehouse_id,
        weeks.week_start_date_key,
        weeks.week_start_date,
        weeks.week_end_date,
        warehouses.source_name,
        warehouses.warehouse_name,
        warehouses.city,
        warehouses.state,
        warehouses.country,
        warehouses.warehouse_square_feet,
        case when weeks.week_before_key >= source_spans.first_week_key then coalesce(week_before.quantity, 0) end as quantity_week_before,
        case
            when weeks.week_before_key >= source_spans.first_week_key then coalesce(week_before.sales_amount, 0)
        end as sales_amount_week_before,
        case when weeks.year_before_key >= source_spans.first_week_key then coalesce(year_before.quantity, 0) end as quantity_year_before,
        case
            when weeks.year_before_key >= source_spans.first_week_key then coalesce(year_before.sales_amount, 0)
        end as sales_amount_year_before
    from warehouse_weeks
    inner join weeks
        on warehouse_weeks.week_start_date_key = weeks.week_start_date_key
    inner join warehouses
        on warehouse_weeks.warehouse_id = warehouses.warehouse_id
    left join source_spans
        on
            warehouses.source_name = source_spans.source_name
            and weeks.week_start_date_key <= source_spans.last_week_key
    left join sales_by_week as week_before
        on
            warehouse_weeks.warehouse_id = week_before.warehouse_id
            and weeks.week_before_key = week_before.week_start_date_key
    left join sales_by_week as year_before
        on
            warehouse_weeks.warehouse_id = year_before.warehouse_id
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
        coalesce(returns_by_week.return_loss_amount, 0) as return_loss_amount,
        coalesce(sales_by_week.lines_with_days_to_ship, 0) as lines_with_days_to_ship,
        coalesce(sales_by_week.days_to_ship, 0) as days_to_ship,
        stock_by_week.on_hand_quantity,
        coalesce(stock_by_week.products_with_known_stock, 0) as products_with_known_stock,
        coalesce(stock_by_week.low_stock_products, 0) as low_stock_products
    from compared
    left join sales_by_week
        on
            compared.warehouse_id = sales_by_week.warehouse_id
            and compared.week_start_date_key = sales_by_week.week_start_date_key
    left join returns_by_week
        on
            compared.warehouse_id = returns_by_week.warehouse_id
            and compared.week_start_date_key = returns_by_week.week_start_date_key
    left join stock_by_week
        on
            compared.warehouse_id = stock_by_week.warehouse_id
            and compared.week_start_date_key = stock_by_week.week_start_date_key
),

-- ranked are the warehouses that shipped in the week
ranked as (
    select
        warehouse_id,
        week_start_date_key,
        rank() over (partition by week_start_date_key order by sales_amount desc nulls last) as rank_by_amount,
        rank() over (partition by week_start_date_key order by quantity desc nulls last) as rank_by_quantity
    from measured
    where
        sold_lines > 0
        and week_start_date_key != -1
        and warehouse_id != 'unknown'
),

finished as (
    select
        -- ids
        measured.warehouse_id,
        measured.week_start_date_key,
        measured.week_start_date,
        measured.week_end_date,
        measured.source_name,

        -- the warehouse as it is now
        measured.warehouse_name,
        measured.city,
        measured.state,
        measured.country,
        measured.warehouse_square_feet,

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
        {{ amount_ratio('measured.sales_amount', 'measured.warehouse_square_feet') }} as sales_amount_per_square_foot,
        cast(measured.lines_with_days_to_ship as bigint) as lines_with_days_to_ship,
        cast(measured.days_to_ship as bigint) as days_to_ship,
        {{ ratio('cast(measured.days_to_ship as bigint)', 'cast(measured.lines_with_days_to_ship as bigint)') }} as average_days_to_ship,

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

        -- stock when the week ends
        cast(measured.on_hand_quantity as bigint) as on_hand_quantity,
        cast(measured.products_with_known_stock as bigint) as products_with_known_stock,
        {{ ratio('cast(measured.on_hand_quantity as bigint)', 'cast(measured.quantity as bigint)') }} as weeks_of_supply,
        cast(measured.low_stock_products as bigint) as low_stock_products,

        -- rank among the warehouses that shipped in the week
        cast(ranked.rank_by_amount as bigint) as rank_by_amount,
        cast(ranked.rank_by_quantity as bigint) as rank_by_quantity,

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
    from measured
    left join ranked
        on
            measured.warehouse_id = ranked.warehouse_id
            and measured.week_start_date_key = ranked.week_start_date_key
    cross join as_of
)

select * from finished
