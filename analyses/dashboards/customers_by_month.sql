-- New and returning customers of each whole month, and what they bought: the last five years.
-- Look out for: new is who orders for the first time ever, so that the first months of a source are nearly all new.
with ends as (
    {{ sales_ends() }}
),

lines as (
    select * from {{ ref('fct_sales') }}
),

dates as (
    select * from {{ ref('dim_dates') }}
),

customers as (
    select * from {{ ref('mart_customer_segments') }}
),

months as (
    select
        ends.source_name,
        ends.source_title,
        dates.month_start_date,
        dates.month_end_date
    from ends
    inner join dates
        on
            {{ add_days('ends.first_day', -6) }} <= dates.month_start_date
            and ends.last_day >= dates.month_end_date
            and dates.date_day = dates.month_start_date
    where dates.month_start_date >= {{ add_days('ends.last_day', -1830) }}
),

customer_months as (
    select
        lines.source_name,
        lines.customer_id,
        dates.month_start_date,
        sum(coalesce(lines.sales_amount, 0) - coalesce(lines.coupon_amount, 0)) as net_sales_amount
    from lines
    inner join dates
        on lines.sold_date_key = dates.date_key
    where
        not lines.is_cancelled
        and lines.customer_id != 'unknown'
    group by lines.source_name, lines.customer_id, dates.month_start_date
),

final as (
    select
        months.source_title,
        months.month_start_date,
        case when customers.first_order_date >= months.month_start_date then 'New' else 'Returning' end as customer_kind,
        count(*) as customers,
        cast(sum(customer_months.net_sales_amount) as decimal(18, 2)) as net_sales_amount
    from customer_months
    inner join months
        on
            customer_months.source_name = months.source_name
            and customer_months.month_start_date = months.month_start_date
    inner join customers
        on customer_months.customer_id = customers.customer_id
    group by
        months.source_title,
        months.month_start_date,
        case when customers.first_order_date >= months.month_start_date then 'New' else 'Returning' end
)

select * from final
order by source_title asc, month_start_date asc, customer_kind asc
