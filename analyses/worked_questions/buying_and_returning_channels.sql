-- Question: do customers of one channel bring goods back through another?
-- Asked by: the heads of the channels, who share the cost of returns.
-- Look out for: who returns need not be who bought (a gift), so this compares people, not lines: customers who bought anything in a
-- channel in 2002 and returned anything in the other in the same year. Lines without a customer are left out.
with sold_lines as (
    select * from {{ ref('fct_sales') }}
),

return_lines as (
    select * from {{ ref('fct_returns') }}
),

dates as (
    select * from {{ ref('dim_dates') }}
),

customers as (
    select * from {{ ref('dim_customers') }}
),

buyers as (
    select distinct
        sold_lines.channel as buying_channel,
        customers.customer_id
    from sold_lines
    inner join dates
        on sold_lines.sold_date_key = dates.date_key
    inner join customers
        on sold_lines.customer_id = customers.customer_id
    where dates.year_number = 2002 and not customers.is_unknown and not sold_lines.is_cancelled
),

returners as (
    select
        return_lines.channel as returning_channel,
        customers.customer_id,
        sum(return_lines.return_amount) as return_amount
    from return_lines
    inner join dates
        on return_lines.returned_date_key = dates.date_key
    inner join customers
        on return_lines.returning_customer_id = customers.customer_id
    where dates.year_number = 2002 and not customers.is_unknown
    group by return_lines.channel, customers.customer_id
),

buyers_of_channel as (
    select
        buying_channel,
        count(*) as buyers
    from buyers
    group by buying_channel
),

matched as (
    select
        buyers.buying_channel,
        returners.returning_channel,
        count(*) as returning_buyers,
        cast(sum(returners.return_amount) as decimal(18, 2)) as return_amount
    from buyers
    inner join returners
        on buyers.customer_id = returners.customer_id
    group by buyers.buying_channel, returners.returning_channel
),

rated as (
    select
        matched.buying_channel,
        matched.returning_channel,
        buyers_of_channel.buyers,
        matched.returning_buyers,
        {{ ratio('matched.returning_buyers', 'buyers_of_channel.buyers') }} as returning_share,
        matched.return_amount
    from matched
    inner join buyers_of_channel
        on matched.buying_channel = buyers_of_channel.buying_channel
)

select * from rated
order by buying_channel, returning_channel
