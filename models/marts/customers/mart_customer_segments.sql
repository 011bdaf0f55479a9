with customers as (
    select * from {{ ref('dim_customers') }}
),

transactions as (
    select * from {{ ref('int_customer_transactions') }}
),

favourite_categories as (
    select * from {{ ref('int_favourite_categories') }}
),

feedback as (
    select * from {{ ref('fct_customer_feedback') }}
),

segments as (
    select * from {{ ref('int_segments_by_score') }}
),

sales_as_of as (
    select
        source_name,
        as_of_date
    from {{ ref('int_as_of_dates') }}
    where contract_name = 'sales_lines'
),

returns_as_of as (
    select
        source_name,
        as_of_date
    from {{ ref('int_as_of_dates') }}
    where contract_name = 'returns'
),

-- what has no day is taken as known by then
transactions_by_then as (
    select transactions.*
    from transactions
    left join sales_as_of
        on transactions.source_name = sales_as_of.source_name
    left join returns_as_of
        on transactions.source_name = returns_as_of.source_name
    where
        coalesce(transactions.order_date <= sales_as_of.as_of_date, true)
        and (transactions.order_count = 1 or coalesce(transactions.transaction_date <= returns_as_of.as_of_date, true))
),

-- rows of one customer have one source
buyers as (
    select
        customer_id,
        max(source_name) as source_name,
        min(case when order_count = 1 then transaction_date end) as first_order_date,
        max(case when order_count = 1 then transaction_date end) as last_order_date,
        cast(sum(order_count) as bigint) as orders,
        count(case when order_count = 1 then transaction_date end) as dated_orders,
        cast(sum(quantity) as bigint) as quantity,
        cast(sum(return_quantity) as bigint) as return_quantity,
        cast(sum(sales_amount) as decimal(18, 2)) as sales_amount,
        cast(sum(coupon_amount) as decimal(18, 2)) as coupon_amount,
        cast(sum(return_amount) as decimal(18, 2)) as return_amount,
        cast(sum(sales_amount - coupon_amount - return_amount) as decimal(18, 2)) as net_sales_after_returns_amount
    from transactions_by_then
    group by customer_id
),

ranked as (
    select
        *,
        rank() over (partition by source_name order by last_order_date asc nulls first) - 1 as with_older_order,
        rank() over (partition by source_name order by orders asc nulls first) - 1 as with_fewer_orders,
        rank() over (partition by source_name order by net_sales_after_returns_amount asc nulls first) - 1 as with_smaller_amount,
        count(*) over (partition by source_name) as buyers_of_source
    from buyers
),

scored as (
    select
        *,
        {{ quintile_score('with_older_order', 'buyers_of_source') }} as recency_score,
        {{ quintile_score('with_fewer_orders', 'buyers_of_source') }} as frequency_score,
        {{ quintile_score('with_smaller_amount', 'buyers_of_source') }} as monetary_score
    from ranked
),

-- the most orders; of equals the one with the higher sales, then the first by name
favourite_channels as (
    select
        customer_id,
        channel
    from transactions_by_then
    where order_count = 1
    group by customer_id, channel
    qualify
        row_number() over (
            partition by customer_id
            order by count(*) desc nulls last, sum(sales_amount) desc nulls last, channel asc nulls last
        ) = 1
),

ratings as (
    select
        feedback.customer_id,
        count(feedback.rating) as rating_count,
        cast(sum(feedback.rating) as bigint) as rating_sum
    from feedback
    inner join sales_as_of
        on
            feedback.source_name = sales_as_of.source_name
            and feedback.sold_date_key <= {{ date_key('sales_as_of.as_of_date') }}
    group by feedback.customer_id
),

known_customers as (
    select
        customer_id,
        source_name
    from customers
    where not is_unknown
),

-- who ordered and is gone from the source since is still a customer of these sales
everyone as (
    select
        coalesce(known_customers.customer_id, scored.customer_id) as customer_id,
        coalesce(known_customers.source_name, scored.source_name) as source_name,
        scored.customer_id is not null as has_ordered,
        scored.recency_score,
        scored.frequency_score,
        scored.monetary_score,
        scored.first_order_date,
        scored.last_order_date,
        scored.dated_orders,
        coalesce(scored.orders, 0) as orders,
        coalesce(scored.quantity, 0) as quantity,
        coalesce(scored.return_quantity, 0) as return_quantity,
        coalesce(scored.sales_amount, 0) as sales_amount,
        coalesce(scored.coupon_amount, 0) as coupon_amount,
        coalesce(scored.return_amount, 0) as return_amount,
        coalesce(scored.net_sales_after_returns_amount, 0) as net_sales_after_returns_amount
    from known_customers
    full outer join scored
        on known_customers.customer_id = scored.customer_id
),

segmented as (
    select
        -- ids
        everyone.customer_id,
        everyone.source_name,

        -- segment
        segments.segment_name,
        segments.segment_description,
        everyone.recency_score,
        everyone.frequency_score,
        everyone.monetary_score,
        everyone.has_ordered,
        everyone.orders = 1 as is_one_time_customer,

        -- dates and times
        sales_as_of.as_of_date,
        everyone.first_order_date,
        everyone.last_order_date,
        cast(sales_as_of.as_of_date - everyone.last_order_date as bigint) as days_since_last_order,
        {{ ratio('cast(everyone.last_order_date - everyone.first_order_date as bigint)', '(everyone.dated_orders - 1)') }}
            as days_between_orders,

        -- orders and amounts
        everyone.orders,
        everyone.quantity,
        everyone.return_quantity,
        cast(everyone.sales_amount as decimal(18, 2)) as sales_amount,
        cast(everyone.coupon_amount as decimal(18, 2)) as coupon_amount,
        cast(everyone.sales_amount - everyone.coupon_amount as decimal(18, 2)) as net_sales_amount,
        cast(everyone.return_amount as decimal(18, 2)) as return_amount,
        cast(everyone.net_sales_after_returns_amount as decimal(18, 2)) as net_sales_after_returns_amount,
        {{ amount_per('everyone.net_sales_after_returns_amount', 'everyone.orders') }} as average_order_amount,

        -- tastes
        favourite_categories.category_name as favourite_category_name,
        favourite_channels.channel as favourite_channel,

        -- satisfaction
        {{ ratio('ratings.rating_sum', 'ratings.rating_count') }} as average_rating,
        cast(coalesce(ratings.rating_count, 0) as bigint) as rating_count
    from everyone
    left join sales_as_of
        on everyone.source_name = sales_as_of.source_name
    left join segments
        on
            coalesce(everyone.recency_score, 0) = coalesce(segments.recency_score, 0)
            and coalesce(everyone.frequency_score, 0) = coalesce(segments.frequency_score, 0)
            and coalesce(everyone.monetary_score, 0) = coalesce(segments.monetary_score, 0)
    left join favourite_categories
        on everyone.customer_id = favourite_categories.customer_id
    left join favourite_channels
        on everyone.customer_id = favourite_channels.customer_id
    left join ratings
        on everyone.customer_id = ratings.customer_id
)

select * from segmented
