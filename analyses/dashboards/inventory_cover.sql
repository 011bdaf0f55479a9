-- How long the stock of each product in its warehouse lasts at its rate of sale, in bands of weeks.
with alerts as (
    select * from {{ ref('mart_stock_alerts') }}
),

banded as (
    select
        coalesce(warehouse_name, 'Warehouse') || ' (' || warehouse_id || ')' as warehouse_title,
        coalesce(category_name, 'Unknown') as category_name,
        case
            when on_hand_quantity is null then 9
            when cover_weeks is null then 8
            when cover_weeks < 1 then 1
            when cover_weeks < 2 then 2
            when cover_weeks < 4 then 3
            when cover_weeks < 8 then 4
            when cover_weeks < 13 then 5
            when cover_weeks <= 26 then 6
            else 7
        end as band_order,
        on_hand_quantity,
        expected_lost_sales_amount
    from alerts
),

final as (
    select
        warehouse_title,
        category_name,
        case band_order
            when 1 then 'under 1'
            when 2 then '1 to 2'
            when 3 then '2 to 4'
            when 4 then '4 to 8'
            when 5 then '8 to 13'
            when 6 then '13 to 26'
            when 7 then 'over 26'
            when 8 then 'no demand'
            else 'no count'
        end as cover_band,
        band_order,
        count(*) as positions,
        cast(sum(coalesce(on_hand_quantity, 0)) as bigint) as on_hand_quantity,
        cast(sum(coalesce(expected_lost_sales_amount, 0)) as decimal(18, 2)) as expected_lost_sales_amount
    from banded
    group by warehouse_title, category_name, band_order
)

select * from final
order by warehouse_title asc, category_name asc, band_order asc
