-- The customers' segments and the unknown customer together are the line facts, per source: orders' units and amounts of lines that are
-- not cancelled, and what came back of them, to the cent. Orders and returns after the as-of date are on neither side (there are none by
-- default). Nothing is tolerated. Who acts: whoever changed the customer marts.
with as_of_dates as (
    select
        source_name,
        max(case when contract_name = 'sales_lines' then as_of_date end) as sales_as_of_date,
        max(case when contract_name = 'returns' then as_of_date end) as returns_as_of_date
    from {{ ref('int_as_of_dates') }}
    group by source_name
),

sold_lines as (
    select
        *,
        min(sold_date) over (partition by source_name, channel, order_id) as order_date
    from {{ ref('fct_sales') }}
    where not is_cancelled
),

lines as (
    select sold_lines.*
    from sold_lines
    left join as_of_dates
        on sold_lines.source_name = as_of_dates.source_name
    where coalesce(sold_lines.order_date <= as_of_dates.sales_as_of_date, true)
),

returned_lines as (
    select
        returns.source_name,
        lines.customer_id,
        returns.return_quantity,
        returns.return_amount
    from {{ ref('fct_returns') }} as returns
    inner join lines
        on returns.sales_line_key = lines.sales_line_key
    left join as_of_dates
        on returns.source_name = as_of_dates.source_name
    where
        coalesce(
            case when returns.returned_date >= lines.order_date then returns.returned_date else lines.order_date end
            <= as_of_dates.returns_as_of_date, true
        )
),

both_sides as (
    select
        source_name,
        quantity,
        sales_amount,
        coupon_amount,
        return_quantity,
        return_amount
    from {{ ref('mart_customer_segments') }}
    union all
    select
        source_name,
        case when customer_id = 'unknown' then quantity else 0 end - quantity as quantity,
        case when customer_id = 'unknown' then sales_amount else 0 end - sales_amount as sales_amount,
        case when customer_id = 'unknown' then coupon_amount else 0 end - coupon_amount as coupon_amount,
        0 as return_quantity,
        0 as return_amount
    from lines
    union all
    select
        source_name,
        0 as quantity,
        0 as sales_amount,
        0 as coupon_amount,
        case when customer_id = 'unknown' then return_quantity else 0 end - return_quantity as return_quantity,
        case when customer_id = 'unknown' then return_amount else 0 end - return_amount as return_amount
    from returned_lines
),

differences as (
    select
        source_name,
        coalesce(sum(quantity), 0) as quantity_difference,
        coalesce(sum(sales_amount), 0) as sales_amount_difference,
        coalesce(sum(coupon_amount), 0) as coupon_amount_difference,
        coalesce(sum(return_quantity), 0) as return_quantity_difference,
        coalesce(sum(return_amount), 0) as return_amount_difference
    from both_sides
    group by source_name
)

select *
from differences
where
    quantity_difference != 0
    or sales_amount_difference != 0
    or coupon_amount_difference != 0
    or return_quantity_difference != 0
    or return_amount_difference != 0
