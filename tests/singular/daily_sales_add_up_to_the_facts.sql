-- Per source, channel and day, the unknown one included, the categories and regions of the daily mart add up to what the facts have: lines,
-- units, amounts, cancelled lines and returns.
-- Nothing is tolerated. Who acts: whoever changed the mart.
with facts as (
    select
        lines.source_name,
        lines.channel,
        lines.sold_date_key as date_key,
        case when not lines.is_cancelled then 1 end as sold_lines,
        case when not lines.is_cancelled then lines.quantity end as quantity,
        case when not lines.is_cancelled then lines.sales_amount end as sales_amount,
        case when not lines.is_cancelled then lines.coupon_amount end as coupon_amount,
        case when not lines.is_cancelled then lines.net_profit_amount end as profit_amount,
        case when lines.is_cancelled then 1 end as cancelled_lines,
        case when lines.is_cancelled then lines.quantity end as cancelled_quantity,
        case when lines.is_cancelled then lines.sales_amount end as cancelled_sales_amount
    from {{ ref('fct_sales') }} as lines
    union all by name
    select
        returned_lines.source_name,
        returned_lines.channel,
        returned_lines.returned_date_key as date_key,
        1 as returned_lines,
        returned_lines.return_quantity,
        returned_lines.return_amount,
        returned_lines.net_loss_amount as return_loss_amount
    from {{ ref('fct_returns') }} as returned_lines
),

facts_added_up as (
    select
        source_name,
        channel,
        date_key,
        cast(coalesce(sum(sold_lines), 0) as bigint) as sold_lines,
        cast(coalesce(sum(quantity), 0) as bigint) as quantity,
        cast(coalesce(sum(sales_amount), 0) as decimal(18, 2)) as sales_amount,
        cast(coalesce(sum(coupon_amount), 0) as decimal(18, 2)) as coupon_amount,
        cast(coalesce(sum(profit_amount), 0) as decimal(18, 2)) as profit_amount,
        cast(coalesce(sum(cancelled_lines), 0) as bigint) as cancelled_lines,
        cast(coalesce(sum(cancelled_quantity), 0) as bigint) as cancelled_quantity,
        cast(coalesce(sum(cancelled_sales_amount), 0) as decimal(18, 2)) as cancelled_sales_amount,
        cast(coalesce(sum(returned_lines), 0) as bigint) as returned_lines,
        cast(coalesce(sum(return_quantity), 0) as bigint) as return_quantity,
        cast(coalesce(sum(return_amount), 0) as decimal(18, 2)) as return_amount,
        cast(coalesce(sum(return_loss_amount), 0) as decimal(18, 2)) as return_loss_amount
    from facts
    group by source_name, channel, date_key
),

mart_added_up as (
    select
        source_name,
        channel,
        date_key,
        cast(sum(sold_lines) as bigint) as sold_lines,
        cast(sum(quantity) as bigint) as quantity,
        cast(sum(sales_amount) as decimal(18, 2)) as sales_amount,
        cast(sum(sales_amount - net_sales_amount) as decimal(18, 2)) as coupon_amount,
        cast(coalesce(sum(profit_amount), 0) as decimal(18, 2)) as profit_amount,
        cast(sum(cancelled_lines) as bigint) as cancelled_lines,
        cast(sum(cancelled_quantity) as bigint) as cancelled_quantity,
        cast(sum(cancelled_sales_amount) as decimal(18, 2)) as cancelled_sales_amount,
        cast(sum(returned_lines) as bigint) as returned_lines,
        cast(sum(return_quantity) as bigint) as return_quantity,
        cast(sum(net_sales_amount - net_sales_after_returns_amount) as decimal(18, 2)) as return_amount,
        cast(sum(return_loss_amount) as decimal(18, 2)) as return_loss_amount
    from {{ ref('mart_sales_daily') }}
    where sold_lines + cancelled_lines + returned_lines > 0
    group by source_name, channel, date_key
),

differences as (
    select
        'facts' as only_in,
        missing.*
    from (
        select * from facts_added_up
        except
        select * from mart_added_up
    ) as missing
    union all
    select
        'mart' as only_in,
        added.*
    from (
        select * from mart_added_up
        except
        select * from facts_added_up
    ) as added
)

select * from differences
