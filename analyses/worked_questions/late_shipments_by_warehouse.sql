-- Question: from which warehouse, and with which carrier, do goods leave more than 60 days after they were ordered?
-- Asked by: logistics, to talk to warehouses and carriers.
-- Look out for: only catalog and web lines are shipped; store lines have no ship date. A warehouse or ship mode that is not known is
-- a row of its own, under the unknown member. Days are counted on the dates of the line itself.
with lines as (
    select * from {{ ref('fct_sales') }}
),

warehouses as (
    select * from {{ ref('dim_warehouses') }}
),

shipping_methods as (
    select * from {{ ref('dim_shipping_methods') }}
),

dates as (
    select * from {{ ref('dim_dates') }}
),

shipped as (
    select
        warehouses.warehouse_name,
        shipping_methods.ship_mode_type,
        shipping_methods.carrier_name,
        lines.ship_date - lines.sold_date as days_to_ship
    from lines
    inner join dates
        on lines.ship_date_key = dates.date_key
    inner join warehouses
        on lines.warehouse_key = warehouses.warehouse_key
    inner join shipping_methods
        on lines.shipping_method_key = shipping_methods.shipping_method_key
    where dates.year_number = 2002 and lines.sold_date is not null and not lines.is_cancelled
),

counted as (
    select
        warehouse_name,
        ship_mode_type,
        carrier_name,
        count(*) as lines,
        count(case when days_to_ship > 60 then 1 end) as late_lines,
        max(days_to_ship) as longest_days_to_ship,
        sum(days_to_ship) as days_to_ship
    from shipped
    group by warehouse_name, ship_mode_type, carrier_name
),

rated as (
    select
        warehouse_name,
        ship_mode_type,
        carrier_name,
        lines,
        late_lines,
        {{ ratio('late_lines', 'lines') }} as late_share,
        {{ ratio('days_to_ship', 'lines') }} as average_days_to_ship,
        longest_days_to_ship
    from counted
)

select * from rated
order by late_lines desc, lines desc, warehouse_name asc nulls last, ship_mode_type asc nulls last, carrier_name asc nulls last
