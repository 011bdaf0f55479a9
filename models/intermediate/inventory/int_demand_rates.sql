-- the columns are a contract: a forecast takes the place of this rate by filling them, and the marts stay as they are
{{ config(contract={'enforced': true}) }}

-- the fact is named wherever it is read: of a CTE that is read twice DuckDB keeps all rows, and each of these readers needs few
with planning_weeks as (
    select * from {{ ref('int_planning_weeks') }}
),

first_weeks as (
    select
        product_id,
        warehouse_id,
        min(week_start_date) as first_week_start_date
    from {{ ref('fct_weekly_sales_inventory') }}
    group by product_id, warehouse_id
),

planned as (
    select
        first_weeks.product_id,
        first_weeks.warehouse_id,
        planning_weeks.as_of_date,
        planning_weeks.last_full_week_start_date,
        planning_weeks.window_first_week_start_date,
        planning_weeks.window_weeks,
        -- weeks before the first do not count: the product was not there. Those after the last do, as weeks without sales
        case
            when first_weeks.first_week_start_date > planning_weeks.last_full_week_start_date then 0
            when first_weeks.first_week_start_date <= planning_weeks.window_first_week_start_date then planning_weeks.window_weeks
            else floor((planning_weeks.last_full_week_start_date - first_weeks.first_week_start_date) / 7) + 1
        end as weeks_on_sale
    from first_weeks
    inner join planning_weeks
        -- the durable id is <source>:<number>
        on split_part(first_weeks.product_id, ':', 1) = planning_weeks.source_name
    where first_weeks.first_week_start_date <= planning_weeks.as_of_date
),

window_weeks as (
    select
        weeks.product_id,
        weeks.warehouse_id,
        weeks.sum_qty_wk as quantity,
        coalesce(weeks.inv_on_hand_qty_wk <= 0, false) as is_out_of_stock
    from {{ ref('fct_weekly_sales_inventory') }} as weeks
    inner join planned
        on
            weeks.product_id = planned.product_id
            and weeks.warehouse_id = planned.warehouse_id
            and weeks.week_start_date >= planned.window_first_week_start_date
            and weeks.week_start_date <= planned.last_full_week_start_date
    -- says nothing new, and spares the join all older weeks
    where weeks.week_start_date >= (select min(earliest.window_first_week_start_date) from planning_weeks as earliest)
),

-- sums of whole numbers: a deviation taken from them does not depend on the order of rows, as the engines' own functions may
window_sums as (
    select
        product_id,
        warehouse_id,
        sum(case when not is_out_of_stock then quantity end) as quantity,
        sum(case when not is_out_of_stock then quantity * quantity end) as squared_quantity,
        count(case when is_out_of_stock then 1 end) as left_out_weeks
    from window_weeks
    group by product_id, warehouse_id
),

rated_windows as (
    select
        planned.*,
        planned.weeks_on_sale - coalesce(window_sums.left_out_weeks, 0) as rate_weeks,
        coalesce(window_sums.left_out_weeks, 0) as left_out_weeks,
        coalesce(window_sums.quantity, 0) as quantity,
        coalesce(window_sums.squared_quantity, 0) as squared_quantity
    from planned
    left join window_sums
        on
            planned.product_id = window_sums.product_id
            and planned.warehouse_id = window_sums.warehouse_id
),

-- out of stock all through the window, a product would have no rate and never be ordered again: its last weeks in stock of the year
-- before tell
earlier_weeks as (
    select
        rated_windows.product_id,
        rated_windows.warehouse_id,
        weeks.sum_qty_wk as quantity
    from rated_windows
    inner join {{ ref('fct_weekly_sales_inventory') }} as weeks
        on
            rated_windows.product_id = weeks.product_id
            and rated_windows.warehouse_id = weeks.warehouse_id
            and rated_windows.window_first_week_start_date > weeks.week_start_date
            and {{ add_days('rated_windows.window_first_week_start_date', -364) }} <= weeks.week_start_date
    where
        rated_windows.rate_weeks = 0
        and rated_windows.left_out_weeks > 0
        and coalesce(weeks.inv_on_hand_qty_wk > 0, true)
    qualify
        row_number() over (
            partition by rated_windows.product_id, rated_windows.warehouse_id
            order by weeks.week_start_date desc nulls last
        ) <= rated_windows.window_weeks
),

earlier_sums as (
    select
        product_id,
        warehouse_id,
        count(*) as rate_weeks,
        sum(quantity) as quantity,
        sum(quantity * quantity) as squared_quantity
    from earlier_weeks
    group by product_id, warehouse_id
),

observed as (
    select
        rated_windows.product_id,
        rated_windows.warehouse_id,
        rated_windows.as_of_date,
        rated_windows.last_full_week_start_date,
        cast(coalesce(earlier_sums.rate_weeks, rated_windows.rate_weeks) as bigint) as rate_weeks,
        cast(rated_windows.left_out_weeks as bigint) as left_out_weeks,
        cast(coalesce(earlier_sums.quantity, rated_windows.quantity) as bigint) as quantity,
        cast(coalesce(earlier_sums.squared_quantity, rated_windows.squared_quantity) as bigint) as squared_quantity,
        case
            when earlier_sums.rate_weeks is not null then 'last weeks in stock'
            when rated_windows.rate_weeks > 0 then 'trailing weeks'
            else 'not known'
        end as rate_method
    from rated_windows
    left join earlier_sums
        on
            rated_windows.product_id = earlier_sums.product_id
            and rated_windows.warehouse_id = earlier_sums.warehouse_id
),

-- of the sample (n - 1): the few weeks stand for all that may come
varied as (
    select
        *,
        cast(rate_weeks * squared_quantity - quantity * quantity as double) / nullif(rate_weeks * (rate_weeks - 1), 0) as weekly_variance
    from observed
),

rated as (
    select
        -- ids
        product_id,
        warehouse_id,

        -- dates and times
        as_of_date,
        last_full_week_start_date,

        -- demand
        {{ ratio('quantity', 'rate_weeks') }} as weekly_rate_quantity,
        case
            when rate_weeks > 1 then cast(round(sqrt(weekly_variance), 4) as decimal(18, 4))
        end as weekly_sigma_quantity,

        -- how it was found
        rate_method,
        rate_weeks,
        left_out_weeks
    from varied
)

select * from rated
