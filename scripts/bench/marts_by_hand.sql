-- The marts of models/marts/sales once more, from the same gold facts and dimensions, written by hand for DuckDB, in schema by_hand. It is the
-- yardstick of marts.py beside it: same columns, same types, no row or value may differ.
--
-- Fair means: written as one would who knows the data and the engine. What several marts need is made once. NOT NULL constraints are left
-- out, as in star_by_hand.sql.

create schema if not exists by_hand;

-- ---------------------------------------------------------------------------------------------------------- expressions

-- n / d to four decimals, half away from zero, in whole numbers
create or replace temp macro exactly(n, d) as
    (sign(n) * sign(d) * ((abs(n) * 20000 + abs(d)) // nullif(abs(d) * 2, 0))::decimal(18, 0) * 0.0001::decimal(5, 4))::decimal(18, 4);
create or replace temp macro cents(amount) as (amount * 100)::bigint;
create or replace temp macro share(n, d) as exactly(cents(n), cents(d));
create or replace temp macro day_number(day) as coalesce((year(day) * 10000 + month(day) * 100 + day(day))::bigint, -1);

-- -------------------------------------------------------------------------------------------------------- helper tables

create or replace temp table days as
select date_key, day_number(week_start_date) as week from gold.dim_dates;

create or replace temp table weeks as
select
    day_number(week_start_date) as week,
    week_start_date,
    max(week_end_date) as week_end_date,
    day_number(week_start_date - 7) as week_before,
    day_number(week_start_date - 364) as year_before
from gold.dim_dates
group by week_start_date;

-- what the sold line adds to a return, for the two marts that ask
create or replace temp table traced_returns as
select
    r.source_name, r.channel, r.product_key, r.returned_date, r.returned_date_key, r.return_quantity, r.return_amount, r.net_loss_amount,
    r.returning_address_key, r.store_key, l.location_key,
    coalesce(nullif(l.warehouse_id, 'unknown'), r.warehouse_id) as warehouse_id
from gold.fct_returns as r
left join gold.fct_sales as l using (sales_line_key);

-- ----------------------------------------------------------------------------------------------------- mart_sales_daily

create or replace temp table sales_by_day as
with first_lines as (
    select
        source_name, channel, order_id,
        coalesce(min(line_id) filter (sold_date is not null), min(line_id)) as line_id
    from gold.fct_sales
    where not is_cancelled
    group by all
)

select
    l.sold_date as date_day, l.source_name, l.channel,
    coalesce(p.category_name, 'Unknown') as category_name, coalesce(g.country, 'Unknown') as country, coalesce(g.state, 'Unknown') as state,
    count(*) filter (not l.is_cancelled) as sold_lines,
    sum(l.quantity) filter (not l.is_cancelled) as quantity,
    sum(l.sales_amount) filter (not l.is_cancelled) as sales_amount,
    sum(coalesce(l.unit_list_price * l.quantity, l.extended_list_amount) - l.sales_amount) filter (not l.is_cancelled) as discount_amount,
    sum(l.coupon_amount) filter (not l.is_cancelled) as coupon_amount,
    sum(l.net_profit_amount) filter (not l.is_cancelled) as profit_amount,
    count(f.line_id) as orders,
    count(distinct l.order_id) filter (not l.is_cancelled) as distinct_orders,
    count(distinct l.customer_id) filter (not l.is_cancelled and l.customer_id != 'unknown') as distinct_customers,
    count(*) filter (not l.is_cancelled and (l.quantity is null or l.sales_amount is null)) as incomplete_lines,
    count(*) filter (not l.is_cancelled and l.is_sold_date_estimated) as estimated_date_lines,
    count(*) filter (l.is_cancelled) as cancelled_lines,
    sum(l.quantity) filter (l.is_cancelled) as cancelled_quantity,
    sum(l.sales_amount) filter (l.is_cancelled) as cancelled_sales_amount
from gold.fct_sales as l
inner join gold.dim_products_history as p using (product_key)
inner join gold.dim_locations as g on l.location_key = g.location_key
left join first_lines as f
    on l.source_name = f.source_name and l.channel = f.channel and l.order_id = f.order_id and l.line_id = f.line_id
group by all;

create table by_hand.mart_sales_daily as
with spans as (
    select source_name, min(date_day) as first_day, max(date_day) as last_day
    from sales_by_day
    group by all
),

returns_by_day as (
    select
        r.returned_date as date_day, r.source_name, r.channel,
        coalesce(p.category_name, 'Unknown') as category_name, coalesce(g.country, 'Unknown') as country, coalesce(g.state, 'Unknown') as state,
        count(*) as returned_lines, sum(return_quantity) as return_quantity, sum(return_amount) as return_amount, sum(net_loss_amount) as loss
    from traced_returns as r
    inner join gold.dim_products_history as p using (product_key)
    left join gold.dim_addresses as a on r.returning_address_key = a.address_key
    left join gold.dim_stores_history as s using (store_key)
    inner join gold.dim_locations as g
        on coalesce(r.location_key, nullif(a.location_key, '-1'), s.location_key, '-1') = g.location_key
    group by all
),

year_before as (
    select
        (date_day + 364)::date as date_day, source_name, channel, category_name, country, state,
        orders as orders_before, quantity as quantity_before, sales_amount as amount_before, coupon_amount as coupon_before
    from sales_by_day
    inner join spans using (source_name)
    where date_day + 364 <= last_day
),

summed as (
    select date_day, source_name, channel, category_name, country, state, sum(columns(* exclude (date_day, source_name, channel, category_name, country, state)))
    from (from sales_by_day union all by name from returns_by_day union all by name from year_before)
    group by all
)

select
    date_key, d.date_day, source_name, channel, category_name, country, state,
    day_name, is_weekend, is_holiday, holiday_name, season_name, week_start_date, month_start_date, iso_year, iso_week_number, retail_year,
    retail_month_number, retail_week_number, prior_year_date,
    coalesce(sold_lines, 0)::bigint as sold_lines,
    coalesce(quantity, 0)::bigint as quantity,
    coalesce(sales_amount, 0)::decimal(18, 2) as sales_amount,
    coalesce(discount_amount, 0)::decimal(18, 2) as discount_amount,
    coalesce(coupon_amount, 0)::decimal(18, 2) as coupon_amount,
    (coalesce(s.sales_amount, 0) - coalesce(s.coupon_amount, 0))::decimal(18, 2) as net_sales_amount,
    profit_amount::decimal(18, 2) as profit_amount,
    coalesce(orders, 0)::bigint as orders,
    coalesce(distinct_orders, 0)::bigint as distinct_orders,
    coalesce(distinct_customers, 0)::bigint as distinct_customers,
    coalesce(incomplete_lines, 0)::bigint as incomplete_lines,
    coalesce(estimated_date_lines, 0)::bigint as estimated_date_lines,
    coalesce(cancelled_lines, 0)::bigint as cancelled_lines,
    coalesce(cancelled_quantity, 0)::bigint as cancelled_quantity,
    coalesce(cancelled_sales_amount, 0)::decimal(18, 2) as cancelled_sales_amount,
    coalesce(returned_lines, 0)::bigint as returned_lines,
    coalesce(return_quantity, 0)::bigint as return_quantity,
    coalesce(return_amount, 0)::decimal(18, 2) as return_amount,
    coalesce(loss, 0)::decimal(18, 2) as return_loss_amount,
    (coalesce(s.sales_amount, 0) - coalesce(s.coupon_amount, 0) - coalesce(s.return_amount, 0))::decimal(18, 2) as net_sales_after_returns_amount,
    case when prior_year_date >= first_day and s.date_day <= last_day then coalesce(orders_before, 0) end::bigint as orders_year_before,
    case when prior_year_date >= first_day and s.date_day <= last_day then coalesce(quantity_before, 0) end::bigint as quantity_year_before,
    case when prior_year_date >= first_day and s.date_day <= last_day then coalesce(amount_before, 0) end::decimal(18, 2) as sales_amount_year_before,
    case when prior_year_date >= first_day and s.date_day <= last_day then coalesce(amount_before, 0) - coalesce(coupon_before, 0) end::decimal(18, 2)
        as net_sales_amount_year_before,
    (coalesce(s.sales_amount, 0) - sales_amount_year_before)::decimal(18, 2) as sales_amount_year_change,
    share(sales_amount_year_change, sales_amount_year_before) as sales_amount_year_change_ratio
from summed as s
inner join gold.dim_dates as d on day_number(s.date_day) = d.date_key
left join spans using (source_name);

-- --------------------------------------------------------------------------------------------- mart_product_performance

create table by_hand.mart_product_performance as
with sales as (
    select
        product_id, week,
        count(*) filter (not is_cancelled) as sold_lines,
        coalesce(sum(quantity) filter (not is_cancelled), 0) as quantity,
        coalesce(sum(sales_amount) filter (not is_cancelled), 0) as amount,
        sum(coupon_amount) filter (not is_cancelled) as coupons,
        sum(net_profit_amount) filter (not is_cancelled) as profit,
        count(*) filter (not is_cancelled and (quantity is null or sales_amount is null)) as incomplete,
        count(*) filter (is_cancelled) as cancelled_lines,
        sum(quantity) filter (is_cancelled) as cancelled_quantity,
        sum(sales_amount) filter (is_cancelled) as cancelled_amount
    from gold.fct_sales
    inner join days on sold_date_key = date_key
    group by all
),

ranked as (
    select
        product_id, week,
        rank() over (partition by week order by amount desc) as best_by_amount,
        rank() over (partition by week order by quantity desc) as best_by_quantity,
        rank() over (partition by week order by amount) as worst_by_amount,
        rank() over (partition by week order by quantity) as worst_by_quantity
    from sales
    where sold_lines > 0 and week != -1 and product_id != 'unknown'
),

returned as (
    select
        product_id, week, count(*) as lines, sum(return_quantity) as quantity, sum(return_amount) as amount, sum(net_loss_amount) as loss
    from gold.fct_returns
    inner join days on returned_date_key = date_key
    group by all
),

stock as (
    select
        product_id, day_number(week_start_date) as week, sum(inv_on_hand_qty_wk) as on_hand, count(inv_on_hand_qty_wk) as known,
        sum(sum_qty_wk) as shipped, count(*) filter (low_stock_flg_wk) as low
    from gold.fct_weekly_sales_inventory
    group by product_id, week_start_date
),

active as (
    select product_id, week from sales union all select product_id, week from returned union all select product_id, week from stock
),

spans as (
    select product_id, min(week) filter (week != -1) as first_week, max(week) filter (week != -1) as last_week, bool_or(week = -1) as has_unknown
    from active
    group by all
),

source_spans as (
    select source_name, min(sold.first_week) as first_week, max(sold.last_week) as last_week
    from (select product_id, min(week) as first_week, max(week) as last_week from sales where week != -1 group by all) as sold
    inner join gold.dim_products using (product_id)
    where not is_unknown
    group by all
)

select
    g.product_id, w.week as week_start_date_key, w.week_start_date, w.week_end_date, p.source_name,
    p.product_name, p.brand_name, p.class_name, p.category_name,
    coalesce(s.sold_lines, 0)::bigint as sold_lines,
    coalesce(s.quantity, 0)::bigint as quantity,
    coalesce(s.amount, 0)::decimal(18, 2) as sales_amount,
    coalesce(s.coupons, 0)::decimal(18, 2) as coupon_amount,
    (sales_amount - coupon_amount)::decimal(18, 2) as net_sales_amount,
    s.profit::decimal(18, 2) as profit_amount,
    coalesce(s.incomplete, 0)::bigint as incomplete_lines,
    coalesce(s.cancelled_lines, 0)::bigint as cancelled_lines,
    coalesce(s.cancelled_quantity, 0)::bigint as cancelled_quantity,
    coalesce(s.cancelled_amount, 0)::decimal(18, 2) as cancelled_sales_amount,
    coalesce(r.lines, 0)::bigint as returned_lines,
    coalesce(r.quantity, 0)::bigint as return_quantity,
    coalesce(r.amount, 0)::decimal(18, 2) as return_amount,
    coalesce(r.loss, 0)::decimal(18, 2) as return_loss_amount,
    (sales_amount - coupon_amount - return_amount)::decimal(18, 2) as net_sales_after_returns_amount,
    t.on_hand::bigint as on_hand_quantity,
    coalesce(t.known, 0)::bigint as warehouses_with_known_stock,
    coalesce(t.shipped, 0)::bigint as warehouse_quantity,
    exactly(on_hand_quantity, warehouse_quantity) as weeks_of_supply,
    coalesce(t.low, 0)::bigint as low_stock_warehouses,
    k.best_by_amount as best_rank_by_amount,
    k.best_by_quantity as best_rank_by_quantity,
    k.worst_by_amount as worst_rank_by_amount,
    k.worst_by_quantity as worst_rank_by_quantity,
    case when w.week_before >= f.first_week then coalesce(wb.quantity, 0) end::bigint as quantity_week_before,
    case when w.week_before >= f.first_week then coalesce(wb.amount, 0) end::decimal(18, 2) as sales_amount_week_before,
    (sales_amount - sales_amount_week_before)::decimal(18, 2) as sales_amount_week_change,
    share(sales_amount_week_change, sales_amount_week_before) as sales_amount_week_change_ratio,
    case when w.year_before >= f.first_week then coalesce(yb.quantity, 0) end::bigint as quantity_year_before,
    case when w.year_before >= f.first_week then coalesce(yb.amount, 0) end::decimal(18, 2) as sales_amount_year_before,
    (sales_amount - sales_amount_year_before)::decimal(18, 2) as sales_amount_year_change,
    share(sales_amount_year_change, sales_amount_year_before) as sales_amount_year_change_ratio,
    coalesce(w.week_end_date <= o.as_of_date, false) as is_complete_week
from spans as g
inner join weeks as w on w.week between g.first_week and g.last_week or (w.week = -1 and g.has_unknown)
inner join gold.dim_products as p on g.product_id = p.product_id
left join source_spans as f on p.source_name = f.source_name and w.week <= f.last_week
left join sales as s on g.product_id = s.product_id and w.week = s.week
left join ranked as k on g.product_id = k.product_id and w.week = k.week
left join returned as r on g.product_id = r.product_id and w.week = r.week
left join stock as t on g.product_id = t.product_id and w.week = t.week
left join sales as wb on g.product_id = wb.product_id and w.week_before = wb.week
left join sales as yb on g.product_id = yb.product_id and w.year_before = yb.week
cross join silver.int_as_of_date as o;

-- ----------------------------------------------------------------------------------------------- mart_store_performance

create table by_hand.mart_store_performance as
with sales as (
    select
        store_id, week,
        count(*) filter (not is_cancelled) as sold_lines,
        coalesce(sum(quantity) filter (not is_cancelled), 0) as quantity,
        coalesce(sum(sales_amount) filter (not is_cancelled), 0) as amount,
        sum(coupon_amount) filter (not is_cancelled) as coupons,
        sum(net_profit_amount) filter (not is_cancelled) as profit,
        count(distinct source_name || ' ' || channel || ' ' || order_id) filter (not is_cancelled) as orders,
        count(distinct customer_id) filter (not is_cancelled and customer_id != 'unknown') as customers,
        count(*) filter (not is_cancelled and (quantity is null or sales_amount is null)) as incomplete,
        count(*) filter (is_cancelled) as cancelled_lines,
        sum(quantity) filter (is_cancelled) as cancelled_quantity,
        sum(sales_amount) filter (is_cancelled) as cancelled_amount
    from gold.fct_sales
    inner join days on sold_date_key = date_key
    where channel = 'store' or store_id != 'unknown'
    group by all
),

returned as (
    select
        store_id, week, count(*) as lines, sum(return_quantity) as quantity, sum(return_amount) as amount, sum(net_loss_amount) as loss
    from gold.fct_returns
    inner join days on returned_date_key = date_key
    where channel = 'store' or store_id != 'unknown'
    group by all
),

spans as (
    select store_id, min(week) filter (week != -1) as first_week, max(week) filter (week != -1) as last_week, bool_or(week = -1) as has_unknown
    from (select store_id, week from sales union all select store_id, week from returned)
    group by all
),

source_spans as (
    select source_name, min(week) as first_week, max(week) as last_week
    from sales
    inner join gold.dim_stores using (store_id)
    where week != -1 and not is_unknown
    group by all
)

select
    g.store_id, w.week as week_start_date_key, w.week_start_date, w.week_end_date, p.source_name,
    p.store_name, p.city, p.state, p.country, p.market_manager_name, v.floor_space_square_feet, v.employee_count,
    coalesce(s.sold_lines, 0)::bigint as sold_lines,
    coalesce(s.quantity, 0)::bigint as quantity,
    coalesce(s.amount, 0)::decimal(18, 2) as sales_amount,
    coalesce(s.coupons, 0)::decimal(18, 2) as coupon_amount,
    (sales_amount - coupon_amount)::decimal(18, 2) as net_sales_amount,
    s.profit::decimal(18, 2) as profit_amount,
    coalesce(s.orders, 0)::bigint as distinct_orders,
    coalesce(s.customers, 0)::bigint as distinct_customers,
    coalesce(s.incomplete, 0)::bigint as incomplete_lines,
    share(sales_amount, v.floor_space_square_feet) as sales_amount_per_square_foot,
    share(sales_amount, v.employee_count) as sales_amount_per_employee,
    coalesce(s.cancelled_lines, 0)::bigint as cancelled_lines,
    coalesce(s.cancelled_quantity, 0)::bigint as cancelled_quantity,
    coalesce(s.cancelled_amount, 0)::decimal(18, 2) as cancelled_sales_amount,
    coalesce(r.lines, 0)::bigint as returned_lines,
    coalesce(r.quantity, 0)::bigint as return_quantity,
    coalesce(r.amount, 0)::decimal(18, 2) as return_amount,
    coalesce(r.loss, 0)::decimal(18, 2) as return_loss_amount,
    (sales_amount - coupon_amount - return_amount)::decimal(18, 2) as net_sales_after_returns_amount,
    if(
        s.sold_lines > 0 and w.week != -1 and g.store_id != 'unknown',
        rank() over (partition by w.week, s.sold_lines > 0 and g.store_id != 'unknown' order by sales_amount desc), null
    ) as rank_by_amount,
    if(
        s.sold_lines > 0 and w.week != -1 and g.store_id != 'unknown' and sales_amount_per_square_foot is not null,
        rank() over (
            partition by w.week, s.sold_lines > 0 and g.store_id != 'unknown' order by sales_amount_per_square_foot desc nulls last
        ), null
    ) as rank_by_amount_per_square_foot,
    case when w.week_before >= f.first_week then coalesce(wb.quantity, 0) end::bigint as quantity_week_before,
    case when w.week_before >= f.first_week then coalesce(wb.amount, 0) end::decimal(18, 2) as sales_amount_week_before,
    (sales_amount - sales_amount_week_before)::decimal(18, 2) as sales_amount_week_change,
    share(sales_amount_week_change, sales_amount_week_before) as sales_amount_week_change_ratio,
    case when w.year_before >= f.first_week then coalesce(yb.quantity, 0) end::bigint as quantity_year_before,
    case when w.year_before >= f.first_week then coalesce(yb.amount, 0) end::decimal(18, 2) as sales_amount_year_before,
    (sales_amount - sales_amount_year_before)::decimal(18, 2) as sales_amount_year_change,
    share(sales_amount_year_change, sales_amount_year_before) as sales_amount_year_change_ratio,
    coalesce(w.week_end_date <= o.as_of_date, false) as is_complete_week
from spans as g
inner join weeks as w on w.week between g.first_week and g.last_week or (w.week = -1 and g.has_unknown)
inner join gold.dim_stores as p on g.store_id = p.store_id
left join gold.dim_stores_history as v
    on g.store_id = v.store_id and v.valid_from < w.week_end_date + 1 and w.week_end_date + 1 <= v.valid_to
left join source_spans as f on p.source_name = f.source_name and w.week <= f.last_week
left join sales as s on g.store_id = s.store_id and w.week = s.week
left join returned as r on g.store_id = r.store_id and w.week = r.week
left join sales as wb on g.store_id = wb.store_id and w.week_before = wb.week
left join sales as yb on g.store_id = yb.store_id and w.year_before = yb.week
cross join silver.int_as_of_date as o;

-- ------------------------------------------------------------------------------------------- mart_warehouse_performance

create table by_hand.mart_warehouse_performance as
with sales as (
    select
        warehouse_id, week,
        count(*) filter (not is_cancelled) as sold_lines,
        coalesce(sum(quantity) filter (not is_cancelled), 0) as quantity,
        coalesce(sum(sales_amount) filter (not is_cancelled), 0) as amount,
        sum(coupon_amount) filter (not is_cancelled) as coupons,
        sum(net_profit_amount) filter (not is_cancelled) as profit,
        count(distinct source_name || ' ' || channel || ' ' || order_id) filter (not is_cancelled) as orders,
        count(distinct customer_id) filter (not is_cancelled and customer_id != 'unknown') as customers,
        count(*) filter (not is_cancelled and (quantity is null or sales_amount is null)) as incomplete,
        count(ship_date - sold_date) filter (not is_cancelled) as shipped_lines,
        sum(ship_date - sold_date) filter (not is_cancelled) as days_to_ship,
        count(*) filter (is_cancelled) as cancelled_lines,
        sum(quantity) filter (is_cancelled) as cancelled_quantity,
        sum(sales_amount) filter (is_cancelled) as cancelled_amount
    from gold.fct_sales
    inner join days on sold_date_key = date_key
    inner join gold.dim_channels using (channel)
    where ships_from_warehouse or warehouse_id != 'unknown'
    group by all
),

returned as (
    select
        warehouse_id, week, count(*) as lines, sum(return_quantity) as quantity, sum(return_amount) as amount, sum(net_loss_amount) as loss
    from traced_returns
    inner join days on returned_date_key = date_key
    inner join gold.dim_channels using (channel)
    where ships_from_warehouse or warehouse_id != 'unknown'
    group by all
),

stock as (
    select
        warehouse_id, day_number(week_start_date) as week, sum(inv_on_hand_qty_wk) as on_hand, count(inv_on_hand_qty_wk) as known,
        count(*) filter (low_stock_flg_wk) as low
    from gold.fct_weekly_sales_inventory
    group by warehouse_id, week_start_date
),

spans as (
    select
        warehouse_id, min(week) filter (week != -1) as first_week, max(week) filter (week != -1) as last_week, bool_or(week = -1) as has_unknown
    from (
        select warehouse_id, week from sales union all select warehouse_id, week from returned union all select warehouse_id, week from stock
    )
    group by all
),

source_spans as (
    select source_name, min(week) as first_week, max(week) as last_week
    from sales
    inner join gold.dim_warehouses using (warehouse_id)
    where week != -1 and not is_unknown
    group by all
)

select
    g.warehouse_id, w.week as week_start_date_key, w.week_start_date, w.week_end_date, p.source_name,
    p.warehouse_name, p.city, p.state, p.country, p.warehouse_square_feet,
    coalesce(s.sold_lines, 0)::bigint as sold_lines,
    coalesce(s.quantity, 0)::bigint as quantity,
    coalesce(s.amount, 0)::decimal(18, 2) as sales_amount,
    coalesce(s.coupons, 0)::decimal(18, 2) as coupon_amount,
    (sales_amount - coupon_amount)::decimal(18, 2) as net_sales_amount,
    s.profit::decimal(18, 2) as profit_amount,
    coalesce(s.orders, 0)::bigint as distinct_orders,
    coalesce(s.customers, 0)::bigint as distinct_customers,
    coalesce(s.incomplete, 0)::bigint as incomplete_lines,
    share(sales_amount, p.warehouse_square_feet) as sales_amount_per_square_foot,
    coalesce(s.shipped_lines, 0)::bigint as lines_with_days_to_ship,
    coalesce(s.days_to_ship, 0)::bigint as days_to_ship,
    exactly(coalesce(s.days_to_ship, 0)::bigint, lines_with_days_to_ship) as average_days_to_ship,
    coalesce(s.cancelled_lines, 0)::bigint as cancelled_lines,
    coalesce(s.cancelled_quantity, 0)::bigint as cancelled_quantity,
    coalesce(s.cancelled_amount, 0)::decimal(18, 2) as cancelled_sales_amount,
    coalesce(r.lines, 0)::bigint as returned_lines,
    coalesce(r.quantity, 0)::bigint as return_quantity,
    coalesce(r.amount, 0)::decimal(18, 2) as return_amount,
    coalesce(r.loss, 0)::decimal(18, 2) as return_loss_amount,
    (sales_amount - coupon_amount - return_amount)::decimal(18, 2) as net_sales_after_returns_amount,
    t.on_hand::bigint as on_hand_quantity,
    coalesce(t.known, 0)::bigint as products_with_known_stock,
    exactly(on_hand_quantity, coalesce(s.quantity, 0)::bigint) as weeks_of_supply,
    coalesce(t.low, 0)::bigint as low_stock_products,
    if(
        s.sold_lines > 0 and w.week != -1 and g.warehouse_id != 'unknown',
        rank() over (partition by w.week, s.sold_lines > 0 and g.warehouse_id != 'unknown' order by sales_amount desc), null
    ) as rank_by_amount,
    if(
        s.sold_lines > 0 and w.week != -1 and g.warehouse_id != 'unknown',
        rank() over (partition by w.week, s.sold_lines > 0 and g.warehouse_id != 'unknown' order by coalesce(s.quantity, 0) desc), null
    ) as rank_by_quantity,
    case when w.week_before >= f.first_week then coalesce(wb.quantity, 0) end::bigint as quantity_week_before,
    case when w.week_before >= f.first_week then coalesce(wb.amount, 0) end::decimal(18, 2) as sales_amount_week_before,
    (sales_amount - sales_amount_week_before)::decimal(18, 2) as sales_amount_week_change,
    share(sales_amount_week_change, sales_amount_week_before) as sales_amount_week_change_ratio,
    case when w.year_before >= f.first_week then coalesce(yb.quantity, 0) end::bigint as quantity_year_before,
    case when w.year_before >= f.first_week then coalesce(yb.amount, 0) end::decimal(18, 2) as sales_amount_year_before,
    (sales_amount - sales_amount_year_before)::decimal(18, 2) as sales_amount_year_change,
    share(sales_amount_year_change, sales_amount_year_before) as sales_amount_year_change_ratio,
    coalesce(w.week_end_date <= o.as_of_date, false) as is_complete_week
from spans as g
inner join weeks as w on w.week between g.first_week and g.last_week or (w.week = -1 and g.has_unknown)
inner join gold.dim_warehouses as p on g.warehouse_id = p.warehouse_id
left join source_spans as f on p.source_name = f.source_name and w.week <= f.last_week
left join sales as s on g.warehouse_id = s.warehouse_id and w.week = s.week
left join returned as r on g.warehouse_id = r.warehouse_id and w.week = r.week
left join stock as t on g.warehouse_id = t.warehouse_id and w.week = t.week
left join sales as wb on g.warehouse_id = wb.warehouse_id and w.week_before = wb.week
left join sales as yb on g.warehouse_id = yb.warehouse_id and w.year_before = yb.week
cross join silver.int_as_of_date as o;
