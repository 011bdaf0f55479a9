with demand_rates as (
    select * from {{ ref('int_demand_rates') }}
),

planning_weeks as (
    select * from {{ ref('int_planning_weeks') }}
),

weeks as (
    select * from {{ ref('fct_weekly_sales_inventory') }}
),

products as (
    select * from {{ ref('dim_products') }}
),

product_versions as (
    select * from {{ ref('dim_products_history') }}
),

warehouses as (
    select * from {{ ref('dim_warehouses') }}
),

lead_times as (
    select
        coalesce(lower({{ blank_to_null('category_name') }}), '') as category_name,
        coalesce({{ blank_to_null('warehouse_id') }}, '') as warehouse_id,
        lead_time_weeks
    from {{ ref('lead_times') }}
),

service_levels as (
    select
        coalesce(lower({{ blank_to_null('category_name') }}), '') as category_name,
        service_level,
        z_value
    from {{ ref('service_levels') }}
),

thresholds as (
    select
        max(case when threshold_name = 'count_valid_weeks' then threshold_value end) as count_valid_weeks,
        max(case when threshold_name = 'order_cover_weeks' then threshold_value end) as order_cover_weeks,
        max(case when threshold_name = 'excess_cover_weeks' then threshold_value end) as excess_cover_weeks
    from {{ ref('stock_thresholds') }}
),

-- nearly all were counted and sold in the last quarter: the years before are read for the others alone. The facts are named wherever they
-- are read: of a CTE that is read twice DuckDB keeps all rows
recent_days as (
    select {{ add_days('min(as_of_date)', -91) }} as first_day
    from planning_weeks
),

recent_count_days as (
    select
        counts.product_id,
        counts.warehouse_id,
        max(counts.count_date) as last_count_date
    from {{ ref('fct_stock_counts') }} as counts
    inner join planning_weeks
        on
            counts.source_name = planning_weeks.source_name
            and counts.count_date <= planning_weeks.as_of_date
    where
        counts.on_hand_quantity is not null
        and counts.count_date >= (select recent_days.first_day from recent_days)
    group by counts.product_id, counts.warehouse_id
),

last_count_days as (
    select * from recent_count_days
    union all
    select
        counts.product_id,
        counts.warehouse_id,
        max(counts.count_date) as last_count_date
    from {{ ref('fct_stock_counts') }} as counts
    inner join planning_weeks
        on
            counts.source_name = planning_weeks.source_name
            and counts.count_date <= planning_weeks.as_of_date
    where
        counts.on_hand_quantity is not null
        and counts.count_date < (select recent_days.first_day from recent_days)
        and (counts.product_id, counts.warehouse_id) in (
            select
                demand_rates.product_id,
                demand_rates.warehouse_id
            from demand_rates
            left join recent_count_days
                on
                    demand_rates.product_id = recent_count_days.product_id
                    and demand_rates.warehouse_id = recent_count_days.warehouse_id
            where recent_count_days.product_id is null
        )
    group by counts.product_id, counts.warehouse_id
),

-- two versions of a product counted on one day: the later version's, as in the weekly fact
last_counts as (
    select
        counts.product_id,
        counts.warehouse_id,
        counts.count_date as last_count_date,
        counts.on_hand_quantity as last_count_quantity
    from {{ ref('fct_stock_counts') }} as counts
    inner join last_count_days
        on
            counts.product_id = last_count_days.product_id
            and counts.warehouse_id = last_count_days.warehouse_id
            and counts.count_date = last_count_days.last_count_date
    inner join product_versions
        on counts.product_key = product_versions.product_key
    where
        counts.on_hand_quantity is not null
        -- says nothing new, and spares the join all other days
        and counts.count_date in (select last_days.last_count_date from last_count_days as last_days)
    qualify
        row_number() over (
            partition by counts.product_id, counts.warehouse_id
            order by product_versions.valid_from desc nulls last, counts.on_hand_quantity desc nulls last
        ) = 1
),

recent_sales as (
    select
        lines.product_id,
        lines.warehouse_id,
        max(lines.sold_date) as last_sale_date
    from {{ ref('fct_sales') }} as lines
    inner join planning_weeks
        on
            lines.source_name = planning_weeks.source_name
            and lines.sold_date <= planning_weeks.as_of_date
    where
        not lines.is_cancelled
        and lines.warehouse_key != {{ unknown_key() }}
        and lines.sold_date >= (select recent_days.first_day from recent_days)
    group by lines.product_id, lines.warehouse_id
),

last_sales as (
    select * from recent_sales
    union all
    select
        lines.product_id,
        lines.warehouse_id,
        max(lines.sold_date) as last_sale_date
    from {{ ref('fct_sales') }} as lines
    inner join planning_weeks
        on
            lines.source_name = planning_weeks.source_name
            and lines.sold_date <= planning_weeks.as_of_date
    where
        not lines.is_cancelled
        and lines.warehouse_key != {{ unknown_key() }}
        and lines.sold_date < (select recent_days.first_day from recent_days)
        and (lines.product_id, lines.warehouse_id) in (
            select
                demand_rates.product_id,
                demand_rates.warehouse_id
            from demand_rates
            left join recent_sales
                on
                    demand_rates.product_id = recent_sales.product_id
                    and demand_rates.warehouse_id = recent_sales.warehouse_id
            where recent_sales.product_id is null
        )
    group by lines.product_id, lines.warehouse_id
),

-- the most specific lead time: of the category in the warehouse, of the category, of the warehouse, else the default
parametrised as (
    select
        demand_rates.*,
        products.product_name,
        products.brand_name,
        products.category_name,
        products.current_price,
        products.wholesale_cost,
        warehouses.warehouse_key,
        warehouses.warehouse_name,
        coalesce(
            lead_times_of_both.lead_time_weeks,
            lead_times_of_category.lead_time_weeks,
            lead_times_of_warehouse.lead_time_weeks,
            default_lead_times.lead_time_weeks
        ) as lead_time_weeks,
        coalesce(service_levels_of_category.service_level, default_service_levels.service_level) as service_level,
        coalesce(service_levels_of_category.z_value, default_service_levels.z_value) as z_value
    from demand_rates
    inner join products
        on demand_rates.product_id = products.product_id
    inner join warehouses
        on demand_rates.warehouse_id = warehouses.warehouse_id
    left join lead_times as lead_times_of_both
        on
            lower(products.category_name) = lead_times_of_both.category_name
            and demand_rates.warehouse_id = lead_times_of_both.warehouse_id
    left join lead_times as lead_times_of_category
        on
            lower(products.category_name) = lead_times_of_category.category_name
            and lead_times_of_category.warehouse_id = ''
    left join lead_times as lead_times_of_warehouse
        on
            demand_rates.warehouse_id = lead_times_of_warehouse.warehouse_id
            and lead_times_of_warehouse.category_name = ''
    left join lead_times as default_lead_times
        on
            default_lead_times.category_name = ''
            and default_lead_times.warehouse_id = ''
    left join service_levels as service_levels_of_category
        on lower(products.category_name) = service_levels_of_category.category_name
    left join service_levels as default_service_levels
        on default_service_levels.category_name = ''
),

measured as (
    select
        parametrised.*,
        last_counts.last_count_date,
        last_counts.last_count_quantity,
        last_sales.last_sale_date,
        coalesce(weeks.low_stock_flg_wk, false) as low_stock_flg_wk,
        thresholds.order_cover_weeks,
        thresholds.excess_cover_weeks,
        case
            when parametrised.as_of_date - last_counts.last_count_date <= 7 * thresholds.count_valid_weeks
                then last_counts.last_count_quantity
        end as on_hand_quantity,
        -- one week alone has no deviation, and gives no safety stock. The root is rounded before it is multiplied, since a product of
        -- decimals is the same on both engines
        cast(
            round(
                cast(parametrised.z_value as decimal(6, 4))
                * cast(
                    case
                        when parametrised.weekly_rate_quantity is not null then coalesce(parametrised.weekly_sigma_quantity, 0)
                    end as decimal(14, 4)
                )
                * cast(round(sqrt(cast(parametrised.lead_time_weeks as double)), 6) as decimal(8, 6)), 4
            ) as decimal(18, 4)
        ) as safety_stock_quantity
    from parametrised
    cross join thresholds
    left join last_counts
        on
            parametrised.product_id = last_counts.product_id
            and parametrised.warehouse_id = last_counts.warehouse_id
    left join last_sales
        on
            parametrised.product_id = last_sales.product_id
            and parametrised.warehouse_id = last_sales.warehouse_id
    left join weeks
        on
            parametrised.product_id = weeks.product_id
            and parametrised.warehouse_id = weeks.warehouse_id
            and parametrised.last_full_week_start_date = weeks.week_start_date
),

levelled as (
    select
        *,
        {{ ratio('(on_hand_quantity * 10000)', 'cast(weekly_rate_quantity * 10000 as bigint)') }} as cover_weeks,
        cast(
            round(weekly_rate_quantity * lead_time_weeks + safety_stock_quantity, 4) as decimal(18, 4)
        ) as reorder_point_quantity,
        weekly_rate_quantity * (lead_time_weeks + order_cover_weeks) + safety_stock_quantity as order_up_to_quantity,
        weekly_rate_quantity * excess_cover_weeks as excess_above_quantity
    from measured
),

-- the order of the rules is part of the definition
judged as (
    select
        *,
        case
            when on_hand_quantity is null then 'unknown'
            when on_hand_quantity <= 0 then 'out_of_stock'
            when coalesce(weekly_rate_quantity, 0) = 0 then 'no_demand'
            when on_hand_quantity <= reorder_point_quantity then 'low'
            when on_hand_quantity > excess_above_quantity then 'excess'
            else 'healthy'
        end as stock_status
    from levelled
),

valued as (
    select
        *,
        -- nothing sold and nothing there is no matter
        case
            when stock_status in ('unknown', 'out_of_stock') then coalesce(weekly_rate_quantity != 0, true)
            when stock_status = 'no_demand' then weekly_rate_quantity is not null
            else stock_status in ('low', 'excess')
        end as needs_attention,
        case
            when stock_status = 'unknown' then null
            -- a count below zero is no reason to order what nobody buys
            when weekly_rate_quantity = 0 then 0
            when stock_status in ('out_of_stock', 'low') then cast(ceil(order_up_to_quantity - on_hand_quantity) as bigint)
            else 0
        end as suggested_order_quantity,
        case
            when stock_status = 'unknown' then null
            when stock_status = 'excess' then cast(floor(on_hand_quantity - excess_above_quantity) as bigint)
            when stock_status = 'no_demand' and weekly_rate_quantity is not null then on_hand_quantity
            else 0
        end as excess_quantity,
        -- what will be asked for until an order placed now arrives, beyond what is there
        case
            when stock_status = 'unknown' then null
            when on_hand_quantity <= 0 then weekly_rate_quantity * lead_time_weeks
            when weekly_rate_quantity * lead_time_weeks > on_hand_quantity
                then weekly_rate_quantity * lead_time_weeks - on_hand_quantity
            when weekly_rate_quantity is not null then 0
        end as expected_lost_quantity
    from judged
),

rounded as (
    select
        *,
        cast(on_hand_quantity as varchar) || ' on hand' as on_hand_text,
        cast(cast(round(weekly_rate_quantity, 1) as decimal(18, 1)) as varchar) || ' a week' as rate_text,
        cast(cast(round(cover_weeks, 1) as decimal(18, 1)) as varchar) || ' weeks' as cover_text,
        cast(cast(round(reorder_point_quantity, 1) as decimal(18, 1)) as varchar) as reorder_point_text,
        cast(suggested_order_quantity as varchar) as order_text,
        cast(excess_cover_weeks as varchar) as limit_text,
        cast(excess_quantity as varchar) as excess_text
    from valued
),

worded as (
    select
        *,
        on_hand_text || ' last ' || cover_text || ' at ' || rate_text as lasts_text
    from rounded
),

alerts as (
    select
        -- ids
        product_id,
        warehouse_id,
        warehouse_key,

        -- attributes
        product_name,
        brand_name,
        category_name,
        warehouse_name,

        -- dates and times
        as_of_date,
        last_full_week_start_date,

        -- what to do
        stock_status,
        needs_attention,
        case
            when stock_status = 'unknown' and weekly_rate_quantity is null then 'Not counted lately, rate of sale not known: count it.'
            when stock_status = 'unknown' and weekly_rate_quantity = 0 then 'Not counted lately and not sold.'
            when stock_status = 'unknown' then 'Not counted lately, though it sells ' || rate_text || ': count it.'
            when stock_status = 'out_of_stock' and weekly_rate_quantity is null
                then 'Out of stock, rate of sale not known: order by judgement.'
            when stock_status = 'out_of_stock' and weekly_rate_quantity = 0 then 'Out of stock, but nothing is sold.'
            when stock_status = 'out_of_stock' then 'Out of stock, sells ' || rate_text || ': order ' || order_text || '.'
            when stock_status = 'no_demand' and weekly_rate_quantity is null then on_hand_text || '; not on sale for a full week yet.'
            when stock_status = 'no_demand' then on_hand_text || ', but nothing is sold: stop ordering, clear it.'
            when stock_status = 'low'
                then lasts_text || ', not above the reorder point of ' || reorder_point_text || ': order ' || order_text || '.'
            when stock_status = 'excess' then lasts_text || ', more than ' || limit_text || ': ' || excess_text || ' too many.'
            else lasts_text || ', above the reorder point of ' || reorder_point_text || '.'
        end as alert_reason,
        suggested_order_quantity,

        -- stock
        on_hand_quantity,
        last_count_date,
        last_count_quantity,
        cast(floor((as_of_date - last_count_date) / 7) as bigint) as weeks_since_last_count,
        low_stock_flg_wk,

        -- demand
        weekly_rate_quantity,
        weekly_sigma_quantity,
        rate_method,
        rate_weeks,
        last_sale_date,
        cast(floor((as_of_date - last_sale_date) / 7) as bigint) as weeks_since_last_sale,

        -- levels
        cover_weeks,
        lead_time_weeks,
        service_level,
        safety_stock_quantity,
        reorder_point_quantity,

        -- money at risk
        cast(round(expected_lost_quantity * current_price, 2) as decimal(18, 2)) as expected_lost_sales_amount,
        excess_quantity,
        cast(excess_quantity * wholesale_cost as decimal(18, 2)) as excess_stock_amount
    from worded
)

select * from alerts
