-- The planning marts (stock alerts, customer segments and their history) written by hand for DuckDB, in schema by_hand, from the facts and
-- dimensions of gold, the seeds, and the names of the landed files. It is the yardstick of the marts' speed and a second computation of their
-- content: same columns, same types, no row or value may differ.
--
-- Fair means: written as one would who knows the data and the engine, in as few passes as it takes. The intermediate tables that the marts share
-- are made here too, and count on both sides.

create schema if not exists by_hand;

-- n / d, four decimals, half away from zero, in whole numbers
create or replace temp macro exact_ratio(n, d) as
    (sign(n) * sign(d) * ((abs(n) * 20000 + abs(d)) // nullif(abs(d) * 2, 0))::decimal(18, 0) * 0.0001::decimal(5, 4))::decimal(18, 4);
create or replace temp macro fifth(worse, members) as (1 + 5 * worse // members)::bigint;
create or replace temp macro days_to_weeks(days) as (days // 7)::bigint;

create or replace temp table last_days as
select
    max(landed_date) filter (source_name = 'ops' and feed_name in ('store_sales', 'catalog_sales', 'web_sales')) as ops_sales,
    max(landed_date) filter (source_name = 'ops' and feed_name in ('store_returns', 'catalog_returns', 'web_returns')) as ops_returns,
    max(landed_date) filter (source_name = 'inventory') as counts,
    max(landed_date) filter (source_name = 'marketplace') as marketplace
from silver.stg_landing__files;

-- --------------------------------------------------------------------------------------------------------- stock alerts

create table by_hand.mart_stock_alerts as
with day as (
    select
        d as as_of_date,
        (d + 1 - dayofweek(d + 1)::integer - 7)::date as last_full,
        (last_full - 7 * (n - 1))::date as first_full,
        n as window_weeks,
        valid_weeks,
        cover_weeks,
        excess_weeks
    from (select least(ops_sales, counts) as d from last_days where ops_sales is not null and counts is not null)
    cross join (
        select
            (max(threshold_value) filter (threshold_name = 'rate_window_weeks'))::integer as n,
            max(threshold_value) filter (threshold_name = 'count_valid_weeks') as valid_weeks,
            max(threshold_value) filter (threshold_name = 'order_cover_weeks') as cover_weeks,
            max(threshold_value) filter (threshold_name = 'excess_cover_weeks') as excess_weeks
        from seeds.stock_thresholds
    )
),

-- one pass over the weekly fact
weekly as (
    select
        product_id,
        warehouse_id,
        any_value(warehouse_key) as warehouse_key,
        min(week_start_date) as first_week,
        count(*) filter (in_window and inv_on_hand_qty_wk <= 0) as left_out,
        sum(sum_qty_wk) filter (in_window and coalesce(inv_on_hand_qty_wk > 0, true)) as quantity,
        sum(sum_qty_wk * sum_qty_wk) filter (in_window and coalesce(inv_on_hand_qty_wk > 0, true)) as squares,
        bool_or(low_stock_flg_wk) filter (week_start_date = last_full) as low
    from (
        select *, week_start_date between first_full and last_full as in_window
        from gold.fct_weekly_sales_inventory
        cross join day
    )
    group by product_id, warehouse_id
),

on_sale as (
    select
        *,
        case
            when first_week > last_full then 0
            when first_week <= first_full then window_weeks
            else (last_full - first_week) // 7 + 1
        end - left_out as in_stock
    from weekly
    cross join day
    where first_week <= as_of_date
),

earlier as (
    select product_id, warehouse_id, count(*) as in_stock, sum(sum_qty_wk) as quantity, sum(sum_qty_wk * sum_qty_wk) as squares
    from (
        select product_id, warehouse_id, sum_qty_wk
        from on_sale
        join gold.fct_weekly_sales_inventory as weeks using (product_id, warehouse_id)
        where
            in_stock = 0 and left_out > 0
            and week_start_date < first_full and week_start_date >= first_full - 364
            and coalesce(inv_on_hand_qty_wk > 0, true)
        qualify row_number() over (partition by product_id, warehouse_id order by week_start_date desc) <= window_weeks
    )
    group by all
),

rates as (
    select
        on_sale.* exclude (in_stock, quantity, squares),
        coalesce(earlier.in_stock, on_sale.in_stock)::bigint as n,
        coalesce(earlier.quantity, on_sale.quantity, 0)::bigint as sold,
        coalesce(earlier.squares, on_sale.squares, 0)::bigint as squared,
        exact_ratio(sold, n) as rate,
        case
            when n > 1 then round(sqrt((n * squared - sold * sold)::double / (n * (n - 1))), 4)::decimal(18, 4)
        end as sigma,
        case
            when earlier.in_stock > 0 then 'last weeks in stock'
            when n > 0 then 'trailing weeks'
            else 'not known'
        end as rate_method
    from on_sale
    left join earlier using (product_id, warehouse_id)
),

counted as (
    select
        product_id,
        warehouse_id,
        max(count_date) as last_count_date,
        arg_max(on_hand_quantity, (count_date, valid_from, on_hand_quantity)) as last_count_quantity
    from gold.fct_stock_counts as counts
    join gold.dim_products_history using (product_key, product_id)
    cross join day
    where on_hand_quantity is not null and count_date <= as_of_date
    group by product_id, warehouse_id
),

sold_last as (
    select product_id, warehouse_id, max(sold_date) as last_sale_date
    from gold.fct_sales
    cross join day
    where source_name = 'ops' and warehouse_key != '-1' and not is_cancelled and sold_date <= as_of_date
    group by all
),

leads as (
    select lower(coalesce(trim(category_name), '')) as category, coalesce(trim(warehouse_id), '') as place, lead_time_weeks
    from seeds.lead_times
),

levels as (
    select lower(coalesce(trim(category_name), '')) as category, service_level, z_value
    from seeds.service_levels
),

-- categories and warehouses are few: each pair has its lead time once
parameters as (
    select
        category_name,
        warehouse_id,
        warehouse_name,
        arg_min(lead_time_weeks, case when category != '' and place != '' then 1 when category != '' then 2 when place != '' then 3 else 4 end)
            as lead
    from (select distinct category_name from gold.dim_products)
    cross join gold.dim_warehouses
    join leads on category in (lower(category_name), '') and place in (warehouse_id, '')
    group by all
),

categories as (
    select
        category_name,
        arg_min(service_level, category = '') as service_level,
        arg_min(z_value, category = '') as z
    from (select distinct category_name from gold.dim_products)
    join levels on category in (lower(category_name), '')
    group by all
),

figures as (
    select
        rates.*,
        product_name,
        brand_name,
        products.category_name,
        warehouse_name,
        current_price,
        wholesale_cost,
        last_count_date,
        last_count_quantity,
        last_sale_date,
        lead,
        service_level,
        case when as_of_date - last_count_date <= 7 * valid_weeks then last_count_quantity end as on_hand,
        case when rate is not null then
            round(z::decimal(6, 4) * coalesce(sigma, 0)::decimal(14, 4) * round(sqrt(lead::double), 6)::decimal(8, 6), 4)::decimal(18, 4)
        end as safety,
        round(rate * lead + safety, 4)::decimal(18, 4) as reorder,
        rate * excess_weeks as excess_above,
        case
            when on_hand is null then 'unknown'
            when on_hand <= 0 then 'out_of_stock'
            when coalesce(rate, 0) = 0 then 'no_demand'
            when on_hand <= reorder then 'low'
            when on_hand > excess_above then 'excess'
            else 'healthy'
        end as status,
        case
            when status = 'unknown' then null
            when rate = 0 then 0
            when status in ('out_of_stock', 'low') then ceil(rate * (lead + cover_weeks) + safety - on_hand)::bigint
            else 0
        end as to_order,
        case
            when status = 'unknown' then null
            when status = 'excess' then floor(on_hand - excess_above)::bigint
            when status = 'no_demand' and rate is not null then on_hand
            else 0
        end as too_many,
        exact_ratio(on_hand * 10000, (rate * 10000)::bigint) as cover,
        on_hand || ' on hand' as on_hand_text,
        round(rate, 1)::decimal(18, 1) || ' a week' as rate_text,
        on_hand_text || ' last ' || round(cover, 1)::decimal(18, 1) || ' weeks at ' || rate_text as lasts_text,
        round(reorder, 1)::decimal(18, 1) as reorder_text
    from rates
    join gold.dim_products as products using (product_id)
    join parameters on products.category_name is not distinct from parameters.category_name and rates.warehouse_id = parameters.warehouse_id
    join categories on products.category_name is not distinct from categories.category_name
    left join counted on rates.product_id = counted.product_id and rates.warehouse_id = counted.warehouse_id
    left join sold_last on rates.product_id = sold_last.product_id and rates.warehouse_id = sold_last.warehouse_id
)

select
    product_id,
    warehouse_id,
    warehouse_key,
    product_name,
    brand_name,
    category_name,
    warehouse_name,
    as_of_date,
    last_full as last_full_week_start_date,
    status as stock_status,
    case
        when status in ('unknown', 'out_of_stock') then rate is distinct from 0
        when status = 'no_demand' then rate is not null
        else status in ('low', 'excess')
    end as needs_attention,
    case
        when status = 'unknown' and rate is null then 'Not counted lately, rate of sale not known: count it.'
        when status = 'unknown' and rate = 0 then 'Not counted lately and not sold.'
        when status = 'unknown' then 'Not counted lately, though it sells ' || rate_text || ': count it.'
        when status = 'out_of_stock' and rate is null then 'Out of stock, rate of sale not known: order by judgement.'
        when status = 'out_of_stock' and rate = 0 then 'Out of stock, but nothing is sold.'
        when status = 'out_of_stock' then 'Out of stock, sells ' || rate_text || ': order ' || to_order || '.'
        when status = 'no_demand' and rate is null then on_hand_text || '; not on sale for a full week yet.'
        when status = 'no_demand' then on_hand_text || ', but nothing is sold: stop ordering, clear it.'
        when status = 'low' then lasts_text || ', not above the reorder point of ' || reorder_text || ': order ' || to_order || '.'
        when status = 'excess' then lasts_text || ', more than ' || excess_weeks || ': ' || too_many || ' too many.'
        else lasts_text || ', above the reorder point of ' || reorder_text || '.'
    end as alert_reason,
    to_order::bigint as suggested_order_quantity,
    on_hand as on_hand_quantity,
    last_count_date,
    last_count_quantity,
    days_to_weeks(as_of_date - last_count_date) as weeks_since_last_count,
    coalesce(low, false) as low_stock_flg_wk,
    rate as weekly_rate_quantity,
    sigma as weekly_sigma_quantity,
    rate_method,
    n as rate_weeks,
    last_sale_date,
    days_to_weeks(as_of_date - last_sale_date) as weeks_since_last_sale,
    cover as cover_weeks,
    lead as lead_time_weeks,
    service_level,
    safety as safety_stock_quantity,
    reorder as reorder_point_quantity,
    (case
        when status != 'unknown' then
            round(greatest(rate * lead - greatest(on_hand, 0), 0) * current_price, 2)
    end)::decimal(18, 2) as expected_lost_sales_amount,
    too_many::bigint as excess_quantity,
    (too_many * wholesale_cost)::decimal(18, 2) as excess_stock_amount
from figures;

-- ------------------------------------------------------------------------------------------------------------ customers

create or replace temp table order_days as
select source_name, channel, order_id, min(sold_date) as ordered
from gold.fct_sales
where not is_cancelled
group by all;

create or replace temp table events as
select
    source_name,
    customer_id,
    channel,
    ordered,
    ordered as day,
    true as is_order,
    coalesce(sum(quantity), 0)::bigint as sold,
    coalesce(sum(sales_amount), 0)::decimal(18, 2) as gross,
    coalesce(sum(coupon_amount), 0)::decimal(18, 2) as coupons,
    0::bigint as came_back,
    0::decimal(18, 2) as returned
from gold.fct_sales
join order_days using (source_name, channel, order_id)
where customer_id != 'unknown' and not is_cancelled
group by source_name, customer_id, channel, order_id, ordered
union all
select
    source_name,
    buying_customer_id,
    channel,
    ordered,
    case when returned_date >= ordered then returned_date else ordered end,
    false,
    0,
    0,
    0,
    coalesce(return_quantity, 0),
    coalesce(return_amount, 0)
from gold.fct_returns
join order_days using (source_name, channel, order_id)
anti join (select sales_line_key from gold.fct_sales where is_cancelled) as cancelled using (sales_line_key)
where buying_customer_id != 'unknown';

create or replace temp table segment_names as
select r, f, m, segment_name, segment_description
from range(1, 6) as recency(r)
cross join range(1, 6) as frequency(f)
cross join range(1, 6) as monetary(m)
join seeds.customer_segments
    on r between recency_from and recency_to and f between frequency_from and frequency_to and m between monetary_from and monetary_to
union all
select null, null, null, segment_name, segment_description from seeds.customer_segments where recency_from is null;

create or replace temp table source_days as
from (values
    ('ops', (select ops_sales from last_days), (select ops_returns from last_days)),
    ('marketplace', (select marketplace from last_days), null)
) as days(source_name, sales_day, returns_day);

create table by_hand.mart_customer_segments as
with known as (
    select events.*, sales_day
    from events
    join source_days using (source_name)
    where coalesce(ordered <= sales_day, true) and (is_order or coalesce(day <= returns_day, true))
),

buyers as (
    select
        customer_id,
        any_value(source_name) as source_name,
        min(day) filter (is_order) as first_day,
        max(day) filter (is_order) as last_day,
        count(*) filter (is_order) as orders,
        count(day) filter (is_order) as dated,
        sum(sold)::bigint as sold,
        sum(came_back)::bigint as came_back,
        sum(gross)::decimal(18, 2) as gross,
        sum(coupons)::decimal(18, 2) as coupons,
        sum(returned)::decimal(18, 2) as returned,
        sum(gross - coupons - returned)::decimal(18, 2) as net
    from known
    group by customer_id
),

scored as (
    select
        *,
        count(*) over (partition by source_name) as members,
        fifth(rank() over (partition by source_name order by last_day nulls first) - 1, members) as r,
        fifth(rank() over (partition by source_name order by orders) - 1, members) as f,
        fifth(rank() over (partition by source_name order by net) - 1, members) as m
    from buyers
),

channels as (
    select customer_id, arg_min(channel, (-n, -gross, channel)) as channel
    from (select customer_id, channel, count(*) as n, sum(gross) as gross from known where is_order group by all)
    group by customer_id
),

categories as (
    select customer_id, arg_min(category_name, (-quantity, -amount, category_name)) as category_name
    from (
        select customer_id, category_name, coalesce(sum(quantity), 0) as quantity, coalesce(sum(sales_amount), 0) as amount
        from gold.fct_sales as lines
        join (select product_id, category_name from gold.dim_products where category_name is not null) using (product_id)
        join source_days using (source_name)
        where customer_id != 'unknown' and not is_cancelled and coalesce(sold_date <= sales_day, true)
        group by all
    )
    group by customer_id
),

ratings as (
    select customer_id, sum(rating)::bigint as total, count(rating) as n
    from gold.fct_customer_feedback
    join source_days using (source_name)
    where sold_date_key <= strftime(sales_day, '%Y%m%d')::bigint
    group by all
)

select
    coalesce(customers.customer_id, scored.customer_id) as customer_id,
    coalesce(customers.source_name, scored.source_name) as source_name,
    segment_name,
    segment_description,
    scored.r as recency_score,
    scored.f as frequency_score,
    scored.m as monetary_score,
    scored.customer_id is not null as has_ordered,
    coalesce(scored.orders = 1, false) as is_one_time_customer,
    sales_day as as_of_date,
    first_day as first_order_date,
    last_day as last_order_date,
    sales_day - last_day as days_since_last_order,
    exact_ratio(last_day - first_day, dated - 1) as days_between_orders,
    coalesce(scored.orders, 0) as orders,
    coalesce(sold, 0) as quantity,
    coalesce(came_back, 0) as return_quantity,
    coalesce(gross, 0)::decimal(18, 2) as sales_amount,
    coalesce(coupons, 0)::decimal(18, 2) as coupon_amount,
    coalesce(gross - coupons, 0)::decimal(18, 2) as net_sales_amount,
    coalesce(returned, 0)::decimal(18, 2) as return_amount,
    coalesce(net, 0)::decimal(18, 2) as net_sales_after_returns_amount,
    (exact_ratio((net * 100)::bigint, scored.orders * 10000) * 100)::decimal(18, 2) as average_order_amount,
    categories.category_name as favourite_category_name,
    channels.channel as favourite_channel,
    exact_ratio(total, n) as average_rating,
    coalesce(n, 0) as rating_count
from (select customer_id, source_name from gold.dim_customers where not is_unknown) as customers
full join scored on customers.customer_id = scored.customer_id
left join source_days on coalesce(customers.source_name, scored.source_name) = source_days.source_name
join segment_names on coalesce(scored.r, 0) = coalesce(segment_names.r, 0) and coalesce(scored.f, 0) = coalesce(segment_names.f, 0)
    and coalesce(scored.m, 0) = coalesce(segment_names.m, 0)
left join categories on coalesce(customers.customer_id, scored.customer_id) = categories.customer_id
left join channels on coalesce(customers.customer_id, scored.customer_id) = channels.customer_id
left join ratings on coalesce(customers.customer_id, scored.customer_id) = ratings.customer_id;

create table by_hand.mart_customer_segment_history as
-- a number names one month of one source
with months as (
    select source_name, month_end_date as month, row_number() over (order by source_name, month_end_date) as number
    from gold.dim_dates
    join source_days on date_day <= sales_day
    where date_day = month_end_date
),

monthly as (
    select
        customer_id,
        source_name,
        last_day(day) as month,
        count(*) filter (is_order) as orders,
        sum(gross - coupons - returned) as net,
        max(day) filter (is_order) as last_order
    from events
    where day is not null
    group by customer_id, source_name, last_day(day)
),

running as (
    select
        customer_id,
        source_name,
        number,
        lead(number) over (partition by customer_id order by number) as next_number,
        (sum(orders) over so_far)::bigint as orders,
        (sum(net) over so_far)::decimal(18, 2) as net,
        max(last_order) over so_far as last_order
    from monthly
    join months using (source_name, month)
    window so_far as (partition by customer_id order by number rows unbounded preceding)
),

till_then as (
    select customer_id, months.number, orders, net, last_order
    from running
    join months
        on running.source_name = months.source_name and running.number <= months.number
        and coalesce(months.number < next_number, true)
),

scored as (
    select
        customer_id,
        number,
        count(*) over (partition by number) as members,
        fifth(rank() over (partition by number order by last_order) - 1, members) as r,
        fifth(rank() over (partition by number order by orders) - 1, members) as f,
        fifth(rank() over (partition by number order by net) - 1, members) as m
    from till_then
),

moves as (
    select *, lag(segment_name) over (partition by customer_id order by number) as before
    from scored
    join segment_names using (r, f, m)
    qualify before is distinct from segment_name
),

stretches as (
    select *, lead(number) over (partition by customer_id order by number) as next_number
    from moves
)

select
    customer_id,
    source_name,
    starts.month as from_month_end_date,
    ends.month as to_month_end_date,
    ends.number - starts.number + 1 as months_in_segment,
    segment_name,
    before as previous_segment_name,
    r as recency_score,
    f as frequency_score,
    m as monetary_score,
    before is not null as has_moved,
    next_number is null as is_current
from stretches
join months as starts on stretches.number = starts.number
join (select source_name, max(number) as last_number from months group by all) using (source_name)
join months as ends on ends.number = coalesce(next_number - 1, last_number);
