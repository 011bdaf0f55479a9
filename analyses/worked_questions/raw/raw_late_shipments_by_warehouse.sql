-- The question of late_shipments_by_warehouse asked of the tables as they landed: two fact tables, and date_dim twice for each.
with shipped as (
    select
        cs_sold_date_sk as sold_date_sk,
        cs_ship_date_sk as ship_date_sk,
        cs_warehouse_sk as warehouse_sk,
        cs_ship_mode_sk as ship_mode_sk
    from {{ source('ops', 'catalog_sales') }}
    where coalesce(cs_quantity, 0) >= 0
    union all
    select
        ws_sold_date_sk as sold_date_sk,
        ws_ship_date_sk as ship_date_sk,
        ws_warehouse_sk as warehouse_sk,
        ws_ship_mode_sk as ship_mode_sk
    from {{ source('ops', 'web_sales') }}
    where coalesce(ws_quantity, 0) >= 0
),

named as (
    select
        case when warehouse.w_warehouse_sk is null then 'Unknown' else nullif(trim(warehouse.w_warehouse_name), '') end as warehouse_name,
        case when ship_mode.sm_ship_mode_sk is null then 'Unknown' else nullif(trim(ship_mode.sm_type), '') end as ship_mode_type,
        nullif(trim(ship_mode.sm_carrier), '') as carrier,
        ship_date.d_date - sold_date.d_date as days_to_ship
    from shipped
    inner join {{ source('ops', 'date_dim') }} as sold_date on shipped.sold_date_sk = sold_date.d_date_sk
    inner join {{ source('ops', 'date_dim') }} as ship_date on shipped.ship_date_sk = ship_date.d_date_sk
    left join {{ source('ops', 'warehouse') }} as warehouse on shipped.warehouse_sk = warehouse.w_warehouse_sk
    left join {{ source('ops', 'ship_mode') }} as ship_mode on shipped.ship_mode_sk = ship_mode.sm_ship_mode_sk
    where ship_date.d_year = 2002
)

select
    warehouse_name,
    ship_mode_type,
    carrier,
    count(*) as line_count,
    count(case when days_to_ship > 60 then 1 end) as late_count,
    cast(round(count(case when days_to_ship > 60 then 1 end) / count(*), 4) as decimal(18, 4)) as late_share,
    cast(round(sum(days_to_ship) / count(*), 4) as decimal(18, 4)) as average_days,
    max(days_to_ship) as longest
from named
group by warehouse_name, ship_mode_type, carrier
order by late_count desc, line_count desc, warehouse_name asc nulls last, ship_mode_type asc nulls last, carrier asc nulls last
