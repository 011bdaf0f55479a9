-- incremental, by week of a product in a warehouse: a night makes the weeks in which a line or a count changed
-- append, after a hook that deletes what it makes anew (macros/incremental/renewed_weeks.sql)
-- cluster_by: readers, and the night's own deletes, ask for some days
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    cluster_by='week_start_date',
    pre_hook=["{{ open_transaction() }}", "{{ begin_weeks() }}"],
    post_hook=["{{ end_weeks() }}", "{{ take_changes(facts_of_weeks()) }}"]
) }}

-- depends_on: {{ ref('int_taken_files') }}, {{ ref('int_renewed_rows') }}
-- depends_on: {{ ref('int_changed_rows') }}, {{ ref('int_kept_fingerprints') }}
{% set is_whole = is_made_whole(facts_of_weeks()) %}

with dates as (
    select * from {{ ref('dim_dates') }}
),

{% if not is_whole %}
renewed_cells as (
    {{ renewed_cells(['cell', 'gap']) }}
),

-- in a gap there is nothing to add up
active_cells as (
    {{ renewed_cells(['cell']) }}
),

renewed_days as (
    select date_day
    from dates
    where week_start_date in (select active_cells.week_start_date from active_cells)
),
{% endif %}

lines as (
    select *
    from {{ ref('fct_sales') }}
    {% if not is_whole %}
    where
        sold_date in (select renewed_days.date_day from renewed_days)
        and (product_id, warehouse_key) in (select active_cells.product_id, active_cells.warehouse_key from active_cells)
    {% endif %}
),

-- by number: counts are the largest table there is, and added up by names they take three times the memory
products as (
    select
        *,
        cast(dense_rank() over (order by product_id asc nulls last) as integer) as product_number
    from {{ ref('dim_products_history') }}
),

named_products as (
    select distinct
        product_number,
        product_id
    from products
),

warehouses as (
    select
        *,
        cast(row_number() over (order by warehouse_key asc nulls last) as integer) as warehouse_number
    from {{ ref('dim_warehouses') }}
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

-- a line or count without a day, product or warehouse stays in fct_sales or fct_stock_counts, under the unknown member
sales_by_week as (
    select
        products.product_number,
        warehouses.warehouse_number,
        dates.week_start_date,
        sum(lines.quantity) as quantity,
        sum(lines.sales_amount) as sales_amount,
        sum(lines.net_profit_amount) as profit_amount,
        count(case when lines.quantity is null or lines.sales_amount is null then 1 end) as incomplete_lines
    from lines
    inner join dates
        on lines.sold_date_key = dates.date_key
    inner join products
        on lines.product_key = products.product_key
    inner join warehouses
        on lines.warehouse_key = warehouses.warehouse_key
    where
        not dates.is_unknown
        and lines.product_key != {{ unknown_key() }}
        and lines.warehouse_key != {{ unknown_key() }}
        and not lines.is_cancelled
    group by products.product_number, warehouses.warehouse_number, dates.week_start_date
),

-- weeks with several counts are few, in most data: the others' stock is the greatest of one
several_counts as (
    select
        product_number,
        warehouse_number,
        week_start_date
    from ({{ dated_counts(is_whole) }}) as dated_counts
    group by product_number, warehouse_number, week_start_date
    having count(on_hand_quantity) > 1
),

-- never a sum over days: the last known count of the week. Only weeks with several are ranked: a window over all counts would sort
-- the whole fact.
-- Two versions of a product counted on one day: the later version's
last_of_several as (
    select
        dated_counts.product_number,
        dated_counts.warehouse_number,
        dated_counts.week_start_date,
        dated_counts.on_hand_quantity
    from ({{ dated_counts(is_whole) }}) as dated_counts
    where
        dated_counts.on_hand_quantity is not null
        and (dated_counts.product_number, dated_counts.warehouse_number, dated_counts.week_start_date) in (
            select
                several_counts.product_number,
                several_counts.warehouse_number,
                several_counts.week_start_date
            from several_counts
        )
    qualify
        row_number() over (
            partition by dated_counts.product_number, dated_counts.warehouse_number, dated_counts.week_start_date
            order by
                dated_counts.count_date desc nulls last,
                dated_counts.version_valid_from desc nulls last,
                dated_counts.on_hand_quantity desc nulls last
        ) = 1
),

{% if is_whole %}
    active_weeks as (
        select
            product_number,
            warehouse_number,
            week_start_date
        from sales_by_week
        union all
        select
            product_number,
            warehouse_number,
            week_start_date
        from ({{ dated_counts(is_whole) }}) as dated_counts
    ),

    spans as (
        select
            product_number,
            warehouse_number,
            min(week_start_date) as first_week_start_date,
            max(week_start_date) as last_week_start_date
        from active_weeks
        group by product_number, warehouse_number
    ),
{% endif %}

weeks as (
    select distinct week_start_date
    from dates
    where not is_unknown
),

-- deliberate fan-out: one row a week, so that weeks without sales are seen
product_weeks as (
    {% if is_whole %}
        select
            spans.product_number,
            spans.warehouse_number,
            weeks.week_start_date
        from spans
        inner join weeks
            on
                spans.first_week_start_date <= weeks.week_start_date
                and spans.last_week_start_date >= weeks.week_start_date
    {% else %}
        select
            named_products.product_number,
            warehouses.warehouse_number,
            renewed_cells.week_start_date
        from renewed_cells
        inner join named_products
            on renewed_cells.product_id = named_products.product_id
        inner join warehouses
            on renewed_cells.warehouse_key = warehouses.warehouse_key
    {% endif %}
),

-- put together and added up, not joined: a join would hold a row for each week of each product in memory
stock_parts as (
    select
        product_number,
        warehouse_number,
        week_start_date,
        1 as is_wanted,
        null as on_hand_quantity,
        null as last_of_several_quantity
    from product_weeks
    union all
    select
        product_number,
        warehouse_number,
        week_start_date,
        null as is_wanted,
        on_hand_quantity,
        null as last_of_several_quantity
    from ({{ dated_counts(is_whole) }}) as dated_counts
    union all
    select
        product_number,
        warehouse_number,
        week_start_date,
        null as is_wanted,
        null as on_hand_quantity,
        on_hand_quantity as last_of_several_quantity
    from last_of_several
),

stock_by_week as (
    select
        product_number,
        warehouse_number,
        week_start_date,
        coalesce(max(last_of_several_quantity), max(on_hand_quantity)) as on_hand_quantity
    from stock_parts
    group by product_number, warehouse_number, week_start_date
    {% if not is_whole %}
    -- the days that are read hold cells that are not made anew, too
    having count(is_wanted) > 0
    {% endif %}
),

measured as (
    select
        stock_by_week.product_number,
        stock_by_week.warehouse_number,
        stock_by_week.week_start_date,
        {{ add_days('stock_by_week.week_start_date', 6) }} as week_end_date,
        cast(coalesce(sales_by_week.quantity, 0) as bigint) as sum_qty_wk,
        cast(coalesce(sales_by_week.sales_amount, 0) as decimal(18, 2)) as sum_amt_wk,
        cast(coalesce(sales_by_week.profit_amount, 0) as decimal(18, 2)) as sum_profit_wk,
        cast(coalesce(sales_by_week.incomplete_lines, 0) as bigint) as incomplete_lines_wk,
        stock_by_week.on_hand_quantity as inv_on_hand_qty_wk
    from stock_by_week
    left join sales_by_week
        on
            stock_by_week.product_number = sales_by_week.product_number
            and stock_by_week.warehouse_number = sales_by_week.warehouse_number
            and stock_by_week.week_start_date = sales_by_week.week_start_date
),

finished as (
    select
        -- ids
        named_products.product_id,
        warehouses.warehouse_id,
        measured.week_start_date,

        -- keys of the dimensions
        products.product_key,
        warehouses.warehouse_key,

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
    -- before the others: DuckDB expects few rows of those, and would hold all weeks in memory to look up the versions
    left join products
        on
            measured.product_number = products.product_number
            and {{ valid_at('products', last_moment_of('measured.week_end_date')) }}
    inner join named_products
        on measured.product_number = named_products.product_number
    inner join warehouses
        on measured.warehouse_number = warehouses.warehouse_number
    cross join as_of
)

select * from finished
