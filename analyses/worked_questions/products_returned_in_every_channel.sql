-- Question: which products come back whatever way we sell them? The fault is then in the product, not in the channel.
-- Asked by: purchasing, before it reorders.
-- Look out for: products change (a new price or size is a new version), so returns are counted for the durable product_id. Returns of
-- 2002, also of what was sold before; units sold are those of 2002. The twenty with the most returned units.
with return_lines as (
    select * from {{ ref('fct_returns') }}
),

sold_lines as (
    select * from {{ ref('fct_sales') }}
),

dates as (
    select * from {{ ref('dim_dates') }}
),

products as (
    select * from {{ ref('dim_products') }}
),

returned as (
    select
        return_lines.product_id,
        cast(sum(case when return_lines.channel = 'store' then return_lines.return_quantity end) as bigint) as store_returned_quantity,
        cast(sum(case when return_lines.channel = 'catalog' then return_lines.return_quantity end) as bigint) as catalog_returned_quantity,
        cast(sum(case when return_lines.channel = 'web' then return_lines.return_quantity end) as bigint) as web_returned_quantity,
        cast(sum(return_lines.return_quantity) as bigint) as returned_quantity,
        cast(sum(return_lines.net_loss_amount) as decimal(18, 2)) as net_loss_amount
    from return_lines
    inner join dates
        on return_lines.returned_date_key = dates.date_key
    where dates.year_number = 2002
    group by return_lines.product_id
),

sold as (
    select
        sold_lines.product_id,
        cast(sum(sold_lines.quantity) as bigint) as sold_quantity
    from sold_lines
    inner join dates
        on sold_lines.sold_date_key = dates.date_key
    where dates.year_number = 2002 and not sold_lines.is_cancelled
    group by sold_lines.product_id
),

ranked as (
    select
        products.product_id,
        products.product_name,
        products.category_name,
        returned.store_returned_quantity,
        returned.catalog_returned_quantity,
        returned.web_returned_quantity,
        returned.returned_quantity,
        sold.sold_quantity,
        {{ ratio('returned.returned_quantity', 'sold.sold_quantity') }} as returned_share,
        returned.net_loss_amount,
        row_number() over (order by returned.returned_quantity desc nulls last, products.product_id asc) as return_rank
    from returned
    inner join products
        on returned.product_id = products.product_id
    left join sold
        on returned.product_id = sold.product_id
    where
        returned.store_returned_quantity > 0
        and returned.catalog_returned_quantity > 0
        and returned.web_returned_quantity > 0
)

select * from ranked
where return_rank <= 20
order by return_rank
