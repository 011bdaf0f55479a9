"""What a dashboard asks of the marts, and the same asked of the tables as they landed: (mart, bronze) by name.

Both give the same rows. They are of the operational source, whose tables hold each row once after a first load.
"""

# every line of the three channels with a day; {columns} are the names of the measures without the channel's prefix
LINES = """
    select {days}.d_date as sold_date, channel, item, quantity, coalesce(price * quantity, extended) as amount, store, warehouse
    from (
        select
            'store' as channel, ss_sold_date_sk as day, ss_item_sk as item, ss_quantity as quantity, ss_sales_price as price,
            ss_ext_sales_price as extended, ss_store_sk as store, null as warehouse
        from bronze.ops__store_sales
        union all
        select
            'catalog', cs_sold_date_sk, cs_item_sk, cs_quantity, cs_sales_price, cs_ext_sales_price, null, cs_warehouse_sk
        from bronze.ops__catalog_sales
        union all
        select 'web', ws_sold_date_sk, ws_item_sk, ws_quantity, ws_sales_price, ws_ext_sales_price, null, ws_warehouse_sk
        from bronze.ops__web_sales
    ) as lines
    inner join bronze.ops__date_dim as {days} on lines.day = {days}.d_date_sk
"""
SUNDAY = "date_trunc('week', {day} + 1)::date - 1"

SALES_BY_MONTH = """
    select month_start_date, channel, category_name, sum(sales_amount), sum(sales_amount_year_before), sum(quantity)
    from gold.mart_sales_daily
    where source_name = 'ops' and date_day between '2001-01-01' and '2001-12-31'
    group by all
    order by all
"""
SALES_BY_MONTH_ON_BRONZE = f"""
    with lines as ({LINES.format(days="date_dim")}),
    both_years as (
        select sold_date, channel, item, amount, null as amount_before, quantity from lines
        union all
        select sold_date + 364, channel, item, null, amount, null from lines
    )
    select
        date_trunc('month', sold_date)::date as month_start_date, channel, coalesce(trim(i_category), 'Unknown') as category_name,
        coalesce(sum(amount), 0), coalesce(sum(amount_before), 0), coalesce(sum(quantity), 0)
    from both_years
    inner join bronze.ops__item on item = i_item_sk
    where sold_date between '2001-01-01' and '2001-12-31'
    group by all
    order by all
"""

BEST_SELLERS = """
    select product_id, count(*) as weeks_among_the_best, sum(sales_amount)
    from gold.mart_product_performance
    where source_name = 'ops' and best_rank_by_amount <= 10 and week_start_date between '2001-01-01' and '2001-12-31'
    group by product_id
    order by weeks_among_the_best desc, product_id
    limit 20
"""
BEST_SELLERS_ON_BRONZE = f"""
    with lines as ({LINES.format(days="date_dim")}),
    weeks as (
        select 'ops:' || i_item_id as product_id, {SUNDAY.format(day="sold_date")} as week, coalesce(sum(amount), 0) as amount
        from lines
        inner join bronze.ops__item on item = i_item_sk
        group by all
    ),
    ranked as (select *, rank() over (partition by week order by amount desc) as place from weeks)
    select product_id, count(*) as weeks_among_the_best, sum(amount)
    from ranked
    where place <= 10 and week between '2001-01-01' and '2001-12-31'
    group by product_id
    order by weeks_among_the_best desc, product_id
    limit 20
"""

STORE_WEEKS = """
    select store_id, week_start_date, sales_amount, quantity, sales_amount_week_before, sales_amount_year_before
    from gold.mart_store_performance
    where source_name = 'ops' and week_start_date between '2001-01-01' and '2001-12-31'
    order by all
"""
STORE_WEEKS_ON_BRONZE = f"""
    with lines as ({LINES.format(days="date_dim")}),
    weeks as (
        select
            'ops:' || s_store_id as store_id, {SUNDAY.format(day="sold_date")} as week, coalesce(sum(amount), 0) as amount,
            coalesce(sum(quantity), 0) as quantity
        from lines
        inner join bronze.ops__store on store = s_store_sk
        group by all
    )
    select
        weeks.store_id, weeks.week, weeks.amount, weeks.quantity, coalesce(week_before.amount, 0), coalesce(year_before.amount, 0)
    from weeks
    left join weeks as week_before on weeks.store_id = week_before.store_id and weeks.week - 7 = week_before.week
    left join weeks as year_before on weeks.store_id = year_before.store_id and weeks.week - 364 = year_before.week
    where weeks.week between '2001-01-01' and '2001-12-31'
    order by all
"""

WAREHOUSE_WEEKS = """
    select warehouse_id, week_start_date, quantity, sales_amount, on_hand_quantity, products_with_known_stock
    from gold.mart_warehouse_performance
    where source_name = 'ops' and week_start_date between '2001-01-01' and '2001-12-31'
    order by all
"""
# one count a week: the sample's
WAREHOUSE_WEEKS_ON_BRONZE = f"""
    with lines as ({LINES.format(days="date_dim")}),
    weeks as (
        select
            'ops:' || warehouse as warehouse_id, {SUNDAY.format(day="sold_date")} as week, coalesce(sum(quantity), 0) as quantity,
            coalesce(sum(amount), 0) as amount
        from lines
        where warehouse is not null
        group by all
    ),
    known as (
        select
            inv_warehouse_sk, {SUNDAY.format(day="inv_date::date")} as week, i_item_id, max_by(inv_quantity_on_hand, inv_date) as quantity
        from bronze.inventory__inventory
        inner join bronze.ops__item on inv_item_sk::bigint = i_item_sk
        group by all
    ),
    stock as (
        select 'ops:' || inv_warehouse_sk as warehouse_id, week, sum(quantity::bigint) as quantity, count(quantity) as products
        from known
        group by all
    )
    select warehouse_id, week, weeks.quantity, weeks.amount, stock.quantity, stock.products
    from weeks
    inner join stock using (warehouse_id, week)
    where week between '2001-01-01' and '2001-12-31'
    order by all
"""

QUESTIONS = {
    "sales by month, channel and category, with the year before": (SALES_BY_MONTH, SALES_BY_MONTH_ON_BRONZE),
    "products most often among the ten best of a week": (BEST_SELLERS, BEST_SELLERS_ON_BRONZE),
    "weeks of stores against the week and the year before": (STORE_WEEKS, STORE_WEEKS_ON_BRONZE),
    "weeks of warehouses, with stock": (WAREHOUSE_WEEKS, WAREHOUSE_WEEKS_ON_BRONZE),
}
