-- Customers, and what they were worth, by gender, education and income: one after the other, each customer once in each.
-- Look out for: what a source does not know at all has no rows. No row holds a person.
with ends as (
    {{ sales_ends() }}
),

segments as (
    select * from {{ ref('mart_customer_segments') }}
),

customers as (
    select * from {{ ref('dim_customers') }}
),

described as (
    select
        ends.source_title,
        case
            when customers.gender = 'F' then 'Women'
            when customers.gender = 'M' then 'Men'
            else 'Unknown'
        end as gender,
        coalesce(customers.education_status, 'Unknown') as education_status,
        case
            when customers.income_upper_bound_amount is not null
                then
                    cast(cast(floor(customers.income_lower_bound_amount / 1000) as bigint) as varchar) || 'k to '
                    || cast(cast(floor(customers.income_upper_bound_amount / 1000) as bigint) as varchar) || 'k'
            when customers.income_group is not null
                then upper(substr(customers.income_group, 1, 1)) || lower(substr(customers.income_group, 2))
            else 'Unknown'
        end as income_band,
        coalesce(
            customers.income_lower_bound_amount,
            case upper(customers.income_group) when 'LOW' then 1 when 'MEDIUM' then 2 when 'HIGH' then 3 end,
            999999999
        ) as income_order,
        segments.has_ordered,
        segments.orders,
        segments.net_sales_after_returns_amount
    from segments
    inner join customers
        on segments.customer_id = customers.customer_id
    inner join ends
        on segments.source_name = ends.source_name
),

by_attribute as (
    select
        source_title,
        'Gender' as attribute_name,
        gender as group_name,
        case gender when 'Women' then 1 when 'Men' then 2 else 99 end as group_order,
        has_ordered,
        orders,
        net_sales_after_returns_amount
    from described
    union all
    select
        source_title,
        'Education' as attribute_name,
        education_status as group_name,
        case education_status
            when 'Primary' then 1 when 'Secondary' then 2 when 'College' then 3 when '2 yr Degree' then 4 when '4 yr Degree' then 5
            when 'Advanced Degree' then 6 else 99
        end as group_order,
        has_ordered,
        orders,
        net_sales_after_returns_amount
    from described
    union all
    select
        source_title,
        'Income' as attribute_name,
        income_band as group_name,
        income_order as group_order,
        has_ordered,
        orders,
        net_sales_after_returns_amount
    from described
),

known as (
    select
        source_title,
        attribute_name
    from by_attribute
    where group_name != 'Unknown'
    group by source_title, attribute_name
),

final as (
    select
        by_attribute.source_title,
        by_attribute.attribute_name,
        by_attribute.group_name,
        cast(by_attribute.group_order as bigint) as group_order,
        count(*) as customers,
        count(case when by_attribute.has_ordered then 1 end) as customers_with_orders,
        cast(sum(by_attribute.orders) as bigint) as orders,
        cast(sum(by_attribute.net_sales_after_returns_amount) as decimal(18, 2)) as net_sales_after_returns_amount
    from by_attribute
    inner join known
        on
            by_attribute.source_title = known.source_title
            and by_attribute.attribute_name = known.attribute_name
    group by by_attribute.source_title, by_attribute.attribute_name, by_attribute.group_name, by_attribute.group_order
)

select * from final
order by source_title asc, attribute_name asc, group_order asc, group_name asc
