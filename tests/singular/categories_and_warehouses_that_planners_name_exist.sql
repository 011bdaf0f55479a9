-- A row of lead_times or service_levels for a category or warehouse that no product or warehouse has does nothing: perhaps it is misspelt.
-- It warns and does not fail, since the product may land tomorrow, or its source be switched off. Who acts: whoever edited the seed.
{{ config(severity='warn') }}

with named as (
    select
        'lead_times' as seed,
        {{ blank_to_null('category_name') }} as category_name,
        {{ blank_to_null('warehouse_id') }} as warehouse_id
    from {{ ref('lead_times') }}
    union all
    select
        'service_levels' as seed,
        {{ blank_to_null('category_name') }} as category_name,
        null as warehouse_id
    from {{ ref('service_levels') }}
),

categories as (
    select distinct lower(category_name) as category_name
    from {{ ref('dim_products') }}
),

warehouses as (
    select warehouse_id from {{ ref('dim_warehouses') }}
),

unused as (
    select
        named.seed,
        named.category_name,
        named.warehouse_id
    from named
    left join categories
        on lower(named.category_name) = categories.category_name
    left join warehouses
        on named.warehouse_id = warehouses.warehouse_id
    where
        (named.category_name is not null and categories.category_name is null)
        or (named.warehouse_id is not null and warehouses.warehouse_id is null)
)

select * from unused
