-- The 100 customers of each source who have been worth most, by number alone: no name leaves the warehouse here.
with ends as (
    {{ sales_ends() }}
),

customers as (
    select * from {{ ref('mart_customer_segments') }}
),

placed as (
    select
        ends.source_title,
        customers.*,
        row_number() over (
            partition by customers.source_name
            order by customers.net_sales_after_returns_amount desc nulls last, customers.customer_id asc
        ) as place
    from customers
    inner join ends
        on customers.source_name = ends.source_name
    where customers.has_ordered
),

final as (
    select
        source_title,
        place,
        customer_id,
        segment_name,
        orders,
        quantity,
        net_sales_amount,
        return_amount,
        net_sales_after_returns_amount,
        average_order_amount,
        first_order_date,
        last_order_date,
        favourite_category_name,
        favourite_channel
    from placed
    where place <= 100
)

select * from final
order by source_title asc, place asc
