-- The 20 brands of each category that sold most in a block of 52 weeks, all channels together: the best 20 of all categories are among
-- them.
-- Look out for: a brand that sells in two categories stands in both.
with periods as (
    {{ sales_periods() }}
),

products as (
    select * from {{ ref('mart_product_performance') }}
),

sold as (
    select
        periods.source_title,
        periods.period_name,
        periods.period_number,
        coalesce(products.category_name, 'Unknown') as category_name,
        coalesce(products.brand_name, 'Unknown') as brand_name,
        sum(products.net_sales_amount) as net_sales_amount,
        sum(products.quantity) as quantity,
        sum(products.return_amount) as return_amount,
        sum(products.sales_amount) as sales_amount
    from periods
    inner join products
        on
            periods.source_name = products.source_name
            and periods.week_start_date = products.week_start_date
    where products.product_id != 'unknown'
    group by
        periods.source_title, periods.period_name, periods.period_number, products.category_name, products.brand_name
),

placed as (
    select
        *,
        row_number() over (
            partition by source_title, period_number, category_name
            order by net_sales_amount desc nulls last, brand_name asc
        ) as place_in_category
    from sold
),

final as (
    select
        source_title,
        period_name,
        category_name,
        brand_name,
        period_number,
        place_in_category,
        cast(net_sales_amount as decimal(18, 2)) as net_sales_amount,
        cast(quantity as bigint) as quantity,
        cast(sales_amount as decimal(18, 2)) as sales_amount,
        cast(return_amount as decimal(18, 2)) as return_amount
    from placed
    where place_in_category <= 20
)

select * from final
order by period_number asc, source_title asc, net_sales_amount desc nulls last, category_name asc, brand_name asc
