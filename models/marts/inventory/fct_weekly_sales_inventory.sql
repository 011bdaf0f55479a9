with lines as (
    select * from {{ ref('fct_sales') }}
),

counts as (
    select * from {{ ref('fct_stock_counts') }}
),

dates as (
    select * from {{ ref('dim_dates') }}
),

products as (
    select * from {{ ref('dim_products_history') }}
),

warehouses as (
    select * from {{ ref('dim_warehouses') }}
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

-- a line or count without a day, product or warehouse stays in fct_sales or fct_stock_counts, under the unknown member
sales_by_week as (
    select
        lines.product_id,
        lines.warehouse_key,
        dates.week_start_date,
        sum(lines.quantity) as quantity,
        sum(lines.sales_amount) as sales_amount,
        sum(lines.net_profit_amount) as profit_amount,
        count(case when lines.quantity is null or lines.sales_amount is null then 1 end) as incomplete_lines
    from lines
    inner join dates
        on lines.sold_date_key = dates.date_key
    where
        not dates.is_unknown
        and lines.product_key != {{ unknown_key() }}
        and lines.warehouse_key != {{ unknown_key() }}
        and not lines.is_cancelled
    group by lines.product_id, lines.warehouse_key, dates.week_start_date
),

dated_counts as (
    select
        counts.product_id,
        counts.warehouse_key,
        dates.week_start_date,
        counts.count_date,
        products.valid_from as version_valid_from,
        counts.on_hand_quantity
    from counts
    inner join dates
        on counts.count_date_key = dates.date_key
    inner join products
        on counts.product_key = products.product_key
    where
        counts.product_key != {{ unknown_key() }}
        and counts.warehouse_key != {{ unknown_key() }}
),

-- never a sum over days: the last known count of the week. Most weeks have but one count: it is in the greatest
counted_weeks as (
    select
        product_id,
        warehouse_key,
        week_start_date,
        count(on_hand_quantity) as known_counts,
        max(on_hand_quantity) as greatest_quantity
    from dated_counts
    group by product_id, warehouse_key, week_start_date
),

-- where there are several, the last. Only those weeks are ranked: a window over all counts would sort the whole fact.
-- Two versions of a product counted on one day: the later version's
last_of_several as (
    select
        dated_counts.product_id,
        dated_counts.warehouse_key,
        dated_counts.week_start_date,
        dated_counts.on_hand_quantity
    from dated_counts
    where
        dated_counts.on_hand_quantity is not null
        and (dated_counts.product_id, dated_counts.warehouse_key, dated_counts.week_start_date) in (
            select
                counted_weeks.product_id,
                counted_weeks.warehouse_key,
                counted_weeks.week_start_date
            from counted_weeks
            where counted_weeks.known_counts > 1
        )
    qualify
        row_number() over (
            partition by dated_counts.product_id, dated_counts.warehouse_key, dated_counts.week_start_date
            order by
                dated_counts.count_date desc nulls last,
                dated_counts.version_valid_from desc nulls last,
                dated_counts.on_hand_quantity desc nulls last
        ) = 1
),

stock_by_week as (
    select
        counted_weeks.product_id,
        counted_weeks.warehouse_key,
        counted_weeks.week_start_date,
        coalesce(last_of_several.on_hand_quantity, counted_weeks.greatest_quantity) as on_hand_quantity
    from counted_weeks
    left join last_of_several
        on
            counted_weeks.product_id = last_of_several.product_id
            and counted_weeks.warehouse_key = last_of_several.warehouse_key
            and counted_weeks.week_start_date = last_of_several.week_start_date
),

active_weeks as (
    select
        product_id,
        warehouse_key,
        week_start_date
    from sales_by_week
    union all
    select
        product_id,
        warehouse_key,
        week_start_date
    from counted_weeks
),

spans as (
    select
        product_id,
        warehouse_key,
        min(week_start_date) as first_week_start_date,
        max(week_start_date) as last_week_start_date
    from active_weeks
    group by product_id, warehouse_key
),

weeks as (
    select
        week_start_date,
        max(week_end_date) as week_end_date
    from dates
    where not is_unknown
    group by week_start_date
),

-- deliberate fan-out: one row a week, so that weeks without sales are seen
product_weeks as (
    select
        spans.product_id,
        spans.warehouse_key,
        weeks.week_start_date,
        weeks.week_end_date
    from spans
    inner join weeks
        on
            spans.first_week_start_date <= weeks.week_start_date
            and spans.last_week_start_date >= weeks.week_start_date
),

measured as (
    select
        product_weeks.product_id,
        product_weeks.warehouse_key,
        product_weeks.week_start_date,
        product_weeks.week_end_date,
        cast(coalesce(sales_by_week.quantity, 0) as bigint) as sum_qty_wk,
        cast(coalesce(sales_by_week.sales_amount, 0) as decimal(18, 2)) as sum_amt_wk,
        cast(coalesce(sales_by_week.profit_amount, 0) as decimal(18, 2)) as sum_profit_wk,
        cast(coalesce(sales_by_week.incomplete_lines, 0) as bigint) as incomplete_lines_wk,
        stock_by_week.on_hand_quantity as inv_on_hand_qty_wk
    from product_weeks
    left join sales_by_week
        on
            product_weeks.product_id = sales_by_week.product_id
            and product_weeks.warehouse_key = sales_by_week.warehouse_key
            and product_weeks.week_start_date = sales_by_week.week_start_date
    left join stock_by_week
        on
            product_weeks.product_id = stock_by_week.product_id
            and product_weeks.warehouse_key = stock_by_week.warehouse_key
            and product_weeks.week_start_date = stock_by_week.week_start_date
),

finished as (
    select
        -- ids
        measured.product_id,
        warehouses.warehouse_id,
        measured.week_start_date,

        -- keys of the dimensions
        products.product_key,
        measured.warehouse_key,

        -- sales of the week
        measured.sum_qty_wk,
        measured.sum_amt_wk,
        measured.sum_profit_wk,
        {{ ratio('measured.sum_qty_wk', '7') }} as avg_qty_dy,
        measured.incomplete_lines_wk,

        -- stock of the week
        measured.inv_on_hand_qty_wk,
        {{ ratio('measured.inv_on_hand_qty_wk', 'measured.sum_qty_wk') }} as wks_sply,

        -- flags; units against seven times the stock, so that no rounding comes between
        coalesce(
            measured.sum_qty_wk > 0 and measured.sum_qty_wk > 7 * measured.inv_on_hand_qty_wk, false
        ) as low_stock_flg_wk,
        coalesce(measured.week_end_date <= as_of.as_of_date, false) as is_complete_week
    from measured
    inner join warehouses
        on measured.warehouse_key = warehouses.warehouse_key
    left join products
        on
            measured.product_id = products.product_id
            and {{ valid_at('products', last_moment_of('measured.week_end_date')) }}
    cross join as_of
)

select * from finished
