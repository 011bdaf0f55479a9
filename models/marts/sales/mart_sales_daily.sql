-- incremental, by day: a night makes the days on which a line or a return changed, and those that are compared with them
-- append, after a hook that deletes what it makes anew (macros/incremental/renewed_days.sql)
-- cluster_by: readers, and the night's own deletes, ask for some days
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    cluster_by='date_key',
    pre_hook=["{{ open_transaction() }}", "{{ begin_days() }}"],
    post_hook=["{{ end_days() }}", "{{ take_changes(facts_of_days()) }}"]
) }}

-- depends_on: {{ ref('int_taken_files') }}, {{ ref('int_renewed_rows') }}
-- depends_on: {{ ref('int_changed_rows') }}, {{ ref('int_kept_fingerprints') }}
{% set is_whole = are_days_made_whole() %}

-- the fact is named wherever it is read: of a CTE that is read twice DuckDB keeps all rows, and each of these readers needs few
with lines as (
    select *
    from {{ ref('fct_sales') }}
    {% if not is_whole %}
    -- the days that are made, and those with which they are compared
    where sold_date_key in ({{ renewed_days() }} union all {{ renewed_days(364) }})
    {% endif %}
),

returned_lines as (
    select *
    from {{ ref('fct_returns') }}
    {% if not is_whole %}
    where returned_date_key in ({{ renewed_days() }})
    {% endif %}
),

dates as (
    select * from {{ ref('dim_dates') }}
),

products as (
    select * from {{ ref('dim_products_history') }}
),

locations as (
    select * from {{ ref('dim_locations') }}
),

addresses as (
    select * from {{ ref('dim_addresses') }}
),

stores as (
    select * from {{ ref('dim_stores_history') }}
),

ordered_lines as (
    select *
    from {{ ref('fct_sales') }}
    {% if not is_whole %}
    where (source_name, channel, order_id) in (select lines.source_name, lines.channel, lines.order_id from lines)
    {% endif %}
),

-- an order has lines in several rows of this table; the one line by which it is counted once
first_lines as (
    select
        source_name,
        channel,
        order_id,
        -- a line with a day before one without
        coalesce(min(case when sold_date is not null then line_id end), min(line_id)) as line_id
    from ordered_lines
    where not is_cancelled
    group by source_name, channel, order_id
),

categories as (
    select
        product_key,
        coalesce(category_name, 'Unknown') as category_name
    from products
),

regions as (
    select
        location_key,
        coalesce(country, 'Unknown') as country,
        coalesce(state, 'Unknown') as state
    from locations
),

sales_by_day as (
    select
        lines.sold_date as date_day,
        lines.source_name,
        lines.channel,
        categories.category_name,
        regions.country,
        regions.state,
        count(case when not lines.is_cancelled then 1 end) as sold_lines,
        sum(case when not lines.is_cancelled then lines.quantity end) as quantity,
        sum(case when not lines.is_cancelled then lines.sales_amount end) as sales_amount,
        sum(
            case
                when not lines.is_cancelled
                    then coalesce(lines.unit_list_price * lines.quantity, lines.extended_list_amount) - lines.sales_amount
            end
        ) as discount_amount,
        sum(case when not lines.is_cancelled then lines.coupon_amount end) as coupon_amount,
        sum(case when not lines.is_cancelled then lines.net_profit_amount end) as profit_amount,
        count(case when not lines.is_cancelled and (lines.quantity is null or lines.sales_amount is null) then 1 end) as incomplete_lines,
        count(case when not lines.is_cancelled and lines.is_sold_date_estimated then 1 end) as estimated_date_lines,
        count(first_lines.order_id) as orders,
        count(distinct case when not lines.is_cancelled then lines.order_id end) as distinct_orders,
        count(
            distinct case when not lines.is_cancelled and lines.customer_id != 'unknown' then lines.customer_id end
        ) as distinct_customers,
        count(case when lines.is_cancelled then 1 end) as cancelled_lines,
        sum(case when lines.is_cancelled then lines.quantity end) as cancelled_quantity,
        sum(case when lines.is_cancelled then lines.sales_amount end) as cancelled_sales_amount
    from lines
    inner join categories
        on lines.product_key = categories.product_key
    inner join regions
        on lines.location_key = regions.location_key
    left join first_lines
        on
            lines.source_name = first_lines.source_name
            and lines.channel = first_lines.channel
            and lines.order_id = first_lines.order_id
            and lines.line_id = first_lines.line_id
    group by
        lines.sold_date,
        lines.source_name,
        lines.channel,
        categories.category_name,
        regions.country,
        regions.state
),

-- a return belongs to the place its goods had gone to; without a sold line to where it came from
placed_returns as (
    select
        returned_lines.*,
        coalesce(
            lines.location_key,
            nullif(addresses.location_key, {{ unknown_key() }}),
            stores.location_key,
            {{ unknown_key() }}
        ) as location_key
    from returned_lines
    left join {{ ref('fct_sales') }} as lines
        on returned_lines.sales_line_key = lines.sales_line_key
    left join addresses
        on returned_lines.returning_address_key = addresses.address_key
    left join stores
        on returned_lines.store_key = stores.store_key
),

returns_by_day as (
    select
        placed_returns.returned_date as date_day,
        placed_returns.source_name,
        placed_returns.channel,
        categories.category_name,
        regions.country,
        regions.state,
        count(*) as returned_lines,
        sum(placed_returns.return_quantity) as return_quantity,
        sum(placed_returns.return_amount) as return_amount,
        sum(placed_returns.net_loss_amount) as return_loss_amount
    from placed_returns
    inner join categories
        on placed_returns.product_key = categories.product_key
    inner join regions
        on placed_returns.location_key = regions.location_key
    group by
        placed_returns.returned_date,
        placed_returns.source_name,
        placed_returns.channel,
        categories.category_name,
        regions.country,
        regions.state
),

source_spans as (
    select
        source_name,
        min(sold_date) as first_sold_date,
        max(sold_date) as last_sold_date
    from {{ ref('fct_sales') }}
    group by source_name
),

-- what was sold 364 days before any day up to the source's last sale: a row also where nothing was sold on the day itself, so that both
-- years add up over any set of rows
year_before_by_day as (
    select
        {{ add_days('sales_by_day.date_day', 364) }} as date_day,
        sales_by_day.source_name,
        sales_by_day.channel,
        sales_by_day.category_name,
        sales_by_day.country,
        sales_by_day.state,
        sales_by_day.orders as orders_year_before,
        sales_by_day.quantity as quantity_year_before,
        sales_by_day.sales_amount as sales_amount_year_before,
        sales_by_day.coupon_amount as coupon_amount_year_before
    from sales_by_day
    inner join source_spans
        on sales_by_day.source_name = source_spans.source_name
    where {{ add_days('sales_by_day.date_day', 364) }} <= source_spans.last_sold_date
),

stacked as (
    select * from sales_by_day
    union all by name
    select * from returns_by_day
    union all by name
    select * from year_before_by_day
),

added_up as (
    select
        date_day,
        source_name,
        channel,
        category_name,
        country,
        state,
        coalesce(sum(sold_lines), 0) as sold_lines,
        coalesce(sum(quantity), 0) as quantity,
        coalesce(sum(sales_amount), 0) as sales_amount,
        coalesce(sum(discount_amount), 0) as discount_amount,
        coalesce(sum(coupon_amount), 0) as coupon_amount,
        sum(profit_amount) as profit_amount,
        coalesce(sum(orders), 0) as orders,
        coalesce(sum(distinct_orders), 0) as distinct_orders,
        coalesce(sum(distinct_customers), 0) as distinct_customers,
        coalesce(sum(incomplete_lines), 0) as incomplete_lines,
        coalesce(sum(estimated_date_lines), 0) as estimated_date_lines,
        coalesce(sum(cancelled_lines), 0) as cancelled_lines,
        coalesce(sum(cancelled_quantity), 0) as cancelled_quantity,
        coalesce(sum(cancelled_sales_amount), 0) as cancelled_sales_amount,
        coalesce(sum(returned_lines), 0) as returned_lines,
        coalesce(sum(return_quantity), 0) as return_quantity,
        coalesce(sum(return_amount), 0) as return_amount,
        coalesce(sum(return_loss_amount), 0) as return_loss_amount,
        coalesce(sum(orders_year_before), 0) as orders_year_before,
        coalesce(sum(quantity_year_before), 0) as quantity_year_before,
        coalesce(sum(sales_amount_year_before), 0) as sales_amount_year_before,
        coalesce(sum(coupon_amount_year_before), 0) as coupon_amount_year_before
    from stacked
    {% if not is_whole %}
    where {{ date_key('date_day') }} in ({{ renewed_days() }})
    {% endif %}
    group by
        date_day,
        source_name,
        channel,
        category_name,
        country,
        state
),

-- there is no year before a source's first sale, and none to compare on a day after its last: not the same as a day without sales
compared as (
    select
        added_up.* exclude (orders_year_before, quantity_year_before, sales_amount_year_before, coupon_amount_year_before),
        case when source_spans.source_name is not null then added_up.orders_year_before end as orders_year_before,
        case when source_spans.source_name is not null then added_up.quantity_year_before end as quantity_year_before,
        case when source_spans.source_name is not null then added_up.sales_amount_year_before end as sales_amount_year_before,
        case
            when source_spans.source_name is not null
                then added_up.sales_amount_year_before - added_up.coupon_amount_year_before
        end as net_sales_amount_year_before,
        dates.date_key,
        dates.day_name,
        dates.is_weekend,
        dates.is_holiday,
        dates.holiday_name,
        dates.season_name,
        dates.week_start_date,
        dates.month_start_date,
        dates.iso_year,
        dates.iso_week_number,
        dates.retail_year,
        dates.retail_month_number,
        dates.retail_week_number,
        dates.prior_year_date
    from added_up
    inner join dates
        on {{ date_key('added_up.date_day') }} = dates.date_key
    left join source_spans
        on
            added_up.source_name = source_spans.source_name
            and dates.prior_year_date >= source_spans.first_sold_date
            and dates.date_day <= source_spans.last_sold_date
),

finished as (
    select
        -- ids
        date_key,
        date_day,
        source_name,
        channel,
        category_name,
        country,
        state,

        -- the day
        day_name,
        is_weekend,
        is_holiday,
        holiday_name,
        season_name,
        week_start_date,
        month_start_date,
        iso_year,
        iso_week_number,
        retail_year,
        retail_month_number,
        retail_week_number,
        prior_year_date,

        -- sold on the day
        cast(sold_lines as bigint) as sold_lines,
        cast(quantity as bigint) as quantity,
        cast(sales_amount as decimal(18, 2)) as sales_amount,
        cast(discount_amount as decimal(18, 2)) as discount_amount,
        cast(coupon_amount as decimal(18, 2)) as coupon_amount,
        cast(sales_amount - coupon_amount as decimal(18, 2)) as net_sales_amount,
        cast(profit_amount as decimal(18, 2)) as profit_amount,
        cast(orders as bigint) as orders,
        cast(distinct_orders as bigint) as distinct_orders,
        cast(distinct_customers as bigint) as distinct_customers,
        cast(incomplete_lines as bigint) as incomplete_lines,
        cast(estimated_date_lines as bigint) as estimated_date_lines,

        -- cancelled
        cast(cancelled_lines as bigint) as cancelled_lines,
        cast(cancelled_quantity as bigint) as cancelled_quantity,
        cast(cancelled_sales_amount as decimal(18, 2)) as cancelled_sales_amount,

        -- returned on the day
        cast(returned_lines as bigint) as returned_lines,
        cast(return_quantity as bigint) as return_quantity,
        cast(return_amount as decimal(18, 2)) as return_amount,
        cast(return_loss_amount as decimal(18, 2)) as return_loss_amount,
        cast(sales_amount - coupon_amount - return_amount as decimal(18, 2)) as net_sales_after_returns_amount,

        -- the same weekday a year before
        cast(orders_year_before as bigint) as orders_year_before,
        cast(quantity_year_before as bigint) as quantity_year_before,
        cast(sales_amount_year_before as decimal(18, 2)) as sales_amount_year_before,
        cast(net_sales_amount_year_before as decimal(18, 2)) as net_sales_amount_year_before,
        cast(sales_amount - sales_amount_year_before as decimal(18, 2)) as sales_amount_year_change,
        {{ amount_ratio('sales_amount - sales_amount_year_before', 'sales_amount_year_before') }} as sales_amount_year_change_ratio
    from compared
)

select * from finished
