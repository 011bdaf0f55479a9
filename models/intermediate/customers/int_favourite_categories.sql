-- incremental, by customer: to add up all lines by customer and category was half of mart_customer_segments; a night makes the customers of
-- whom something changed
-- append, after a hook that deletes them (macros/incremental/renewed_customers.sql)
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=["{{ open_transaction() }}", "{{ begin_customers() }}"],
    post_hook=["{{ end_customers() }}", "{{ take_changes(['fct_sales']) }}"]
) }}

-- depends_on: {{ ref('int_taken_files') }}, {{ ref('int_renewed_rows') }}
-- depends_on: {{ ref('int_changed_rows') }}, {{ ref('int_kept_fingerprints') }}
{% set is_whole = is_made_whole(['fct_sales']) %}

with lines as (
    select *
    from {{ ref('fct_sales') }}
    {% if not is_whole %}
    where customer_id in ({{ renewed_customers() }})
    {% endif %}
),

products as (
    select * from {{ ref('dim_products') }}
),

sales_as_of as (
    select
        source_name,
        as_of_date
    from {{ ref('int_as_of_dates') }}
    where contract_name = 'sales_lines'
),

-- what has no day is taken as known by then
bought as (
    select
        lines.customer_id,
        lines.source_name,
        products.category_name,
        coalesce(lines.sold_date <= sales_as_of.as_of_date, true) as is_counted,
        lines.sold_date,
        lines.quantity,
        lines.sales_amount
    from lines
    inner join products
        on lines.product_id = products.product_id
    inner join sales_as_of
        on lines.source_name = sales_as_of.source_name
    where
        lines.customer_id != 'unknown'
        and not lines.is_cancelled
        and products.category_name is not null
),

by_category as (
    select
        customer_id,
        category_name,
        max(source_name) as source_name,
        count(case when is_counted then 1 end) as counted_lines,
        coalesce(sum(case when is_counted then quantity end), 0) as quantity,
        coalesce(sum(case when is_counted then sales_amount end), 0) as sales_amount,
        max(case when is_counted then sold_date end) as last_counted_date,
        min(case when not is_counted then sold_date end) as next_sold_date
    from bought
    group by customer_id, category_name
),

-- rows of one customer have one source
customers as (
    select
        customer_id,
        max(source_name) as source_name,
        max(last_counted_date) as last_counted_date,
        min(next_sold_date) as next_sold_date
    from by_category
    group by customer_id
),

-- the most units; of equals the one with the higher sales, then the first by name
favourites as (
    select
        customer_id,
        category_name
    from by_category
    where counted_lines > 0
    qualify
        row_number() over (
            partition by customer_id
            order by quantity desc nulls last, sales_amount desc nulls last, category_name asc nulls last
        ) = 1
),

finished as (
    select
        customers.customer_id,
        customers.source_name,
        favourites.category_name,
        customers.last_counted_date,
        customers.next_sold_date
    from customers
    left join favourites
        on customers.customer_id = favourites.customer_id
)

select * from finished
