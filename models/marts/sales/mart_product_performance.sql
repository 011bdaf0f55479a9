-- incremental, by week: a night makes the weeks in which a line, a return or a count changed, and those that are compared with them
-- append, after a hook that deletes what it makes anew (macros/incremental/renewed_product_weeks.sql)
-- cluster_by: readers, and the night's own deletes, ask for some days
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    cluster_by='week_start_date_key',
    pre_hook=["{{ open_transaction() }}", "{{ begin_product_weeks() }}"],
    post_hook=["{{ end_product_weeks() }}", "{{ take_changes(facts_of_product_weeks()) }}"]
) }}

-- depends_on: {{ ref('int_taken_files') }}, {{ ref('int_renewed_rows') }}
-- depends_on: {{ ref('int_changed_rows') }}, {{ ref('int_kept_fingerprints') }}
-- depends_on: {{ ref('fct_stock_counts') }}
{% set is_whole = is_made_whole(facts_of_product_weeks()) %}

-- the facts are named wherever they are read: of a CTE that is read twice DuckDB keeps all rows, and each of these readers needs few
with dates as (
    select * from {{ ref('dim_dates') }}
),

products as (
    select * from {{ ref('dim_products') }}
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

-- the weeks that are made of all products
made_weeks as (
    select *
    from weeks
    {% if not is_whole %}
    where week_start_date_key in (select renewed.week_start_date_key from ({{ renewed_weeks('week') }}) as renewed)
    {% endif %}
),

{% if not is_whole %}
-- the days of weeks that are made, of all products and of single ones, and of those with which they are compared
renewed_days as (
    select days.date_key
    from days
    where
        days.week_start_date_key in (
            select weeks.week_start_date_key
            from ({{ renewed_weeks('week', [0, -7, -364]) }}) as weeks
        )
),

renewed_days_of_products as (
    select
        cells.product_id,
        days.date_key
    from ({{ renewed_weeks('cell', [-7, -364]) }}) as cells
    inner join days
        on cells.week_start_date_key = days.week_start_date_key
    where days.date_key not in (select renewed_days.date_key from renewed_days)
),
{% endif %}

lines as (
    select *
    from {{ ref('fct_sales') }}
    {% if not is_whole %}
    where sold_date_key in (select renewed_days.date_key from renewed_days)
    union all
    select *
    from {{ ref('fct_sales') }}
    where
        (product_id, sold_date_key) in (
            select
                cells.product_id,
                cells.date_key
            from renewed_days_of_products as cells
        )
    {% endif %}
),

returned_lines as (
    select *
    from {{ ref('fct_returns') }}
    {% if not is_whole %}
    where returned_date_key in (select renewed_days.date_key from renewed_days)
    {% endif %}
),

weekly_stock as (
    select *
    from {{ ref('fct_weekly_sales_inventory') }}
    {% if not is_whole %}
    where week_start_date in (select made_weeks.week_start_date from made_weeks)
    {% endif %}
),

sales_by_week as (
    select
        lines.product_id,
        days.week_start_date_key,
        count(case when not lines.is_cancelled then 1 end) as sold_lines,
        coalesce(sum(case when not lines.is_cancelled then lines.quantity end), 0) as quantity,
        coalesce(sum(case when not lines.is_cancelled then lines.sales_amount end), 0) as sales_amount,
        coalesce(sum(case when not lines.is_cancelled then lines.coupon_amount end), 0) as coupon_amount,
        sum(case when not lines.is_cancelled then lines.net_profit_amount end) as profit_amount,
        count(case when not lines.is_cancelled and (lines.quantity is null or lines.sales_amount is null) then 1 end) as incomplete_lines,
        count(case when lines.is_cancelled then 1 end) as cancelled_lines,
        coalesce(sum(case when lines.is_cancelled then lines.quantity end), 0) as cancelled_quantity,
        coalesce(sum(case when lines.is_cancelled then lines.sales_amount end), 0) as cancelled_sales_amount
    from lines
    inner join days
        on lines.sold_date_key = days.date_key
    group by lines.product_id, days.week_start_date_key
),

returns_by_week as (
    select
        returned_lines.product_id,
        days.week_start_date_key,
        count(*) as returned_lines,
        coalesce(sum(returned_lines.return_quantity), 0) as return_quantity,
        coalesce(sum(returned_lines.return_amount), 0) as return_amount,
        coalesce(sum(returned_lines.net_loss_amount), 0) as return_loss_amount
    from returned_lines
    inner join days
        on returned_lines.returned_date_key = days.date_key
    group by returned_lines.product_id, days.week_start_date_key
),

-- stock is added up over warehouses, within one week: never over weeks
stock_by_week as (
    select
        product_id,
        {{ date_key('week_start_date') }} as week_start_date_key,
        sum(inv_on_hand_qty_wk) as on_hand_quantity,
        count(inv_on_hand_qty_wk) as warehouses_with_known_stock,
        sum(sum_qty_wk) as warehouse_quantity,
        count(case when low_stock_flg_wk then 1 end) as low_stock_warehouses
    from weekly_stock
    group by product_id, week_start_date
),

-- ranked are the products that sold in the week: those that did not would all share the first place among the worst
candidates as (
    select
        *,
        sold_lines > 0 and week_start_date_key != -1 and product_id != 'unknown' as is_ranked
    from sales_by_week
),

ranked_sales as (
    select
        *,
        case
            when is_ranked then rank() over (partition by week_start_date_key, is_ranked order by sales_amount desc nulls last)
        end as best_rank_by_amount,
        case
            when is_ranked then rank() over (partition by week_start_date_key, is_ranked order by quantity desc nulls last)
        end as best_rank_by_quantity,
        case
            when is_ranked then rank() over (partition by week_start_date_key, is_ranked order by sales_amount asc nulls last)
        end as worst_rank_by_amount,
        case
            when is_ranked then rank() over (partition by week_start_date_key, is_ranked order by quantity asc nulls last)
        end as worst_rank_by_quantity
    from candidates
),

-- over all that is known of a product, whatever is made tonight
sold_days as (
    select
        product_id,
        min(sold_date_key) as first_date_key,
        max(sold_date_key) as last_date_key
    from {{ ref('fct_sales') }}
    where sold_date_key != -1
    group by product_id
),

active_days as (
    select * from sold_days
    union all
    select
        product_id,
        min(returned_date_key) as first_date_key,
        max(returned_date_key) as last_date_key
    from {{ ref('fct_returns') }}
    where returned_date_key != -1
    group by product_id
    union all
    select
        product_id,
        {{ date_key('min(week_start_date)') }} as first_date_key,
        {{ date_key('max(week_start_date)') }} as last_date_key
    from {{ ref('fct_weekly_sales_inventory') }}
    group by product_id
),

spans as (
    select
        active_days.product_id,
        min(first_days.week_start_date_key) as first_week_key,
        max(last_days.week_start_date_key) as last_week_key
    from active_days
    inner join days as first_days
        on active_days.first_date_key = first_days.date_key
    inner join days as last_days
        on active_days.last_date_key = last_days.date_key
    group by active_days.product_id
),

unknown_weeks as (
    select
        product_id,
        week_start_date_key
    from sales_by_week
    where week_start_date_key = -1
    union all
    select
        product_id,
        week_start_date_key
    from returns_by_week
    where week_start_date_key = -1
),

-- deliberate fan-out: one row a week, so that weeks without sales are seen
product_weeks as (
    select
        spans.product_id,
        made_weeks.week_start_date_key
    from spans
    inner join made_weeks
        on
            spans.first_week_key <= made_weeks.week_start_date_key
            and spans.last_week_key >= made_weeks.week_start_date_key
    {% if not is_whole %}
    union all
    select
        spans.product_id,
        cells.week_start_date_key
    from spans
    inner join ({{ renewed_weeks('cell') }}) as cells
        on
            spans.product_id = cells.product_id
            and spans.first_week_key <= cells.week_start_date_key
            and spans.last_week_key >= cells.week_start_date_key
    where cells.week_start_date_key not in (select made_weeks.week_start_date_key from made_weeks)
    {% endif %}
    union all
    select distinct
        product_id,
        week_start_date_key
    from unknown_weeks
    {% if not is_whole %}
    where week_start_date_key in (select renewed.week_start_date_key from ({{ renewed_weeks('week') }}) as renewed)
    {% endif %}
),

source_spans as (
    select
        products.source_name,
        min(first_days.week_start_date_key) as first_week_key,
        max(last_days.week_start_date_key) as last_week_key
    from sold_days
    inner join days as first_days
        on sold_days.first_date_key = first_days.date_key
    inner join days as last_days
        on sold_days.last_date_key = last_days.date_key
    inner join products
        on sold_days.product_id = products.product_id
    where not products.is_unknown
    group by products.source_name
),

-- weeks are compared by date, never with the row before. Before its source's first sale there is nothing to compare with, after its last
-- nothing to compare; between them a week without a row is a week without sales
compared as (
    select
        product_weeks.product_id,
        weeks.week_start_date_key,
        weeks.week_start_date,
        weeks.week_end_date,
        products.source_name,
        products.product_name,
        products.brand_name,
        products.class_name,
        products.category_name,
        case when weeks.week_before_key >= source_spans.first_week_key then coalesce(week_before.quantity, 0) end as quantity_week_before,
        case
            when weeks.week_before_key >= source_spans.first_week_key then coalesce(week_before.sales_amount, 0)
        end as sales_amount_week_before,
        case when weeks.year_before_key >= source_spans.first_week_key then coalesce(year_before.quantity, 0) end as quantity_year_before,
        case
            when weeks.year_before_key >= source_spans.first_week_key then coalesce(year_before.sales_amount, 0)
        end as sales_amount_year_before
    from product_weeks
    inner join weeks
        on product_weeks.week_start_date_key = weeks.week_start_date_key
    inner join products
        on product_weeks.product_id = products.product_id
    left join source_spans
        on
            products.source_name = source_spans.source_name
            and weeks.week_start_date_key <= source_spans.last_week_key
    left join sales_by_week as week_before
        on
            product_weeks.product_id = week_before.product_id
            and weeks.week_before_key = week_before.week_start_date_key
    left join sales_by_week as year_before
        on
            product_weeks.product_id = year_before.product_id
            and weeks.year_before_key = year_before.week_start_date_key
),

measured as (
    select
        compared.*,
        coalesce(ranked_sales.sold_lines, 0) as sold_lines,
        coalesce(ranked_sales.quantity, 0) as quantity,
        coalesce(ranked_sales.sales_amount, 0) as sales_amount,
        coalesce(ranked_sales.coupon_amount, 0) as coupon_amount,
        ranked_sales.profit_amount,
        coalesce(ranked_sales.incomplete_lines, 0) as incomplete_lines,
        coalesce(ranked_sales.cancelled_lines, 0) as cancelled_lines,
        coalesce(ranked_sales.cancelled_quantity, 0) as cancelled_quantity,
        coalesce(ranked_sales.cancelled_sales_amount, 0) as cancelled_sales_amount,
        coalesce(returns_by_week.returned_lines, 0) as returned_lines,
        coalesce(returns_by_week.return_quantity, 0) as return_quantity,
        coalesce(returns_by_week.return_amount, 0) as return_amount,
        coalesce(returns_by_week.return_loss_amount, 0) as return_loss_amount,
        stock_by_week.on_hand_quantity,
        coalesce(stock_by_week.warehouses_with_known_stock, 0) as warehouses_with_known_stock,
        coalesce(stock_by_week.warehouse_quantity, 0) as warehouse_quantity,
        coalesce(stock_by_week.low_stock_warehouses, 0) as low_stock_warehouses,
        ranked_sales.best_rank_by_amount,
        ranked_sales.best_rank_by_quantity,
        ranked_sales.worst_rank_by_amount,
        ranked_sales.worst_rank_by_quantity
    from compared
    left join ranked_sales
        on
            compared.product_id = ranked_sales.product_id
            and compared.week_start_date_key = ranked_sales.week_start_date_key
    left join returns_by_week
        on
            compared.product_id = returns_by_week.product_id
            and compared.week_start_date_key = returns_by_week.week_start_date_key
    left join stock_by_week
        on
            compared.product_id = stock_by_week.product_id
            and compared.week_start_date_key = stock_by_week.week_start_date_key
),

finished as (
    select
        -- ids
        measured.product_id,
        measured.week_start_date_key,
        measured.week_start_date,
        measured.week_end_date,
        measured.source_name,

        -- the product as it is now
        measured.product_name,
        measured.brand_name,
        measured.class_name,
        measured.category_name,

        -- sold in the week
        cast(measured.sold_lines as bigint) as sold_lines,
        cast(measured.quantity as bigint) as quantity,
        cast(measured.sales_amount as decimal(18, 2)) as sales_amount,
        cast(measured.coupon_amount as decimal(18, 2)) as coupon_amount,
        cast(measured.sales_amount - measured.coupon_amount as decimal(18, 2)) as net_sales_amount,
        cast(measured.profit_amount as decimal(18, 2)) as profit_amount,
        cast(measured.incomplete_lines as bigint) as incomplete_lines,

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
        cast(measured.warehouses_with_known_stock as bigint) as warehouses_with_known_stock,
        cast(measured.warehouse_quantity as bigint) as warehouse_quantity,
        {{ ratio('cast(measured.on_hand_quantity as bigint)', 'cast(measured.warehouse_quantity as bigint)') }} as weeks_of_supply,
        cast(measured.low_stock_warehouses as bigint) as low_stock_warehouses,

        -- rank among the products that sold in the week
        cast(measured.best_rank_by_amount as bigint) as best_rank_by_amount,
        cast(measured.best_rank_by_quantity as bigint) as best_rank_by_quantity,
        cast(measured.worst_rank_by_amount as bigint) as worst_rank_by_amount,
        cast(measured.worst_rank_by_quantity as bigint) as worst_rank_by_quantity,

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
    cross join as_of
)

select * from finished
