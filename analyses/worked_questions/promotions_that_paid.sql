-- Question: which promotions earned back what they cost?
-- Asked by: marketing, before it books the same promotion again.
-- Look out for: "paid" needs a yardstick. Here it is the margin over all lines, promoted or not: the gain of a promotion is the profit of
-- its lines, less what the same revenue earns at that margin, less the cost of the promotion. Lines that lack their amount or their
-- profit say nothing about a margin and are left out; so is the marketplace, whose profit is not known.
with lines as (
    select * from {{ ref('fct_sales') }}
),

promotions as (
    select * from {{ ref('dim_promotions') }}
),

by_promotion as (
    select
        promotions.promotion_id,
        promotions.promotion_name,
        promotions.promotion_cost_amount,
        promotions.is_unknown,
        count(*) as lines,
        cast(sum(lines.sales_amount) as decimal(18, 2)) as sales_amount,
        cast(sum(lines.net_profit_amount) as decimal(18, 2)) as net_profit_amount
    from lines
    inner join promotions
        on lines.promotion_key = promotions.promotion_key
    where lines.sales_amount is not null and lines.net_profit_amount is not null and not lines.is_cancelled
    group by promotions.promotion_id, promotions.promotion_name, promotions.promotion_cost_amount, promotions.is_unknown
),

totals as (
    select
        cast(sum(sales_amount) as decimal(18, 2)) as sales_amount,
        cast(sum(net_profit_amount) as decimal(18, 2)) as net_profit_amount
    from by_promotion
),

gains as (
    select
        by_promotion.promotion_id,
        by_promotion.promotion_name,
        by_promotion.lines,
        by_promotion.sales_amount,
        by_promotion.net_profit_amount,
        cast(by_promotion.net_profit_amount / nullif(by_promotion.sales_amount, 0) as decimal(18, 4)) as profit_margin,
        cast(totals.net_profit_amount / nullif(totals.sales_amount, 0) as decimal(18, 4)) as overall_profit_margin,
        by_promotion.promotion_cost_amount,
        by_promotion.net_profit_amount
        - cast(
            cast(by_promotion.sales_amount as decimal(38, 2)) * totals.net_profit_amount / nullif(totals.sales_amount, 0) as decimal(18, 2)
        )
        - by_promotion.promotion_cost_amount as gain_amount
    from by_promotion
    cross join totals
    where not by_promotion.is_unknown
),

judged as (
    select
        *,
        gain_amount > 0 as has_paid
    from gains
)

select * from judged
order by gain_amount desc nulls last, promotion_id asc
