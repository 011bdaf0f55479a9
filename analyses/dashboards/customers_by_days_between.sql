-- How long customers take from one order to the next, on the mean of each: those with two orders or more.
with ends as (
    {{ sales_ends() }}
),

customers as (
    select * from {{ ref('mart_customer_segments') }}
),

banded as (
    select
        ends.source_title,
        case
            when customers.days_between_orders < 31 then 1
            when customers.days_between_orders < 61 then 2
            when customers.days_between_orders < 91 then 3
            when customers.days_between_orders < 181 then 4
            when customers.days_between_orders < 366 then 5
            else 6
        end as band_order
    from customers
    inner join ends
        on customers.source_name = ends.source_name
    where customers.days_between_orders is not null
),

final as (
    select
        source_title,
        case band_order
            when 1 then 'up to 30'
            when 2 then '31 to 60'
            when 3 then '61 to 90'
            when 4 then '91 to 180'
            when 5 then '181 to 365'
            else 'over 365'
        end as days_band,
        band_order,
        count(*) as customers
    from banded
    group by source_title, band_order
)

select * from final
order by source_title asc, band_order asc
