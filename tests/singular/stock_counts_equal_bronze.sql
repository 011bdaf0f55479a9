-- Every count that landed is in the fact once, with the quantity of the last row that landed for it, found in another way than the
-- models do. A row that staging rejected (see its reject_reason) is in neither.
-- Nothing is tolerated. Who acts: whoever changed staging or the fact.
with latest as (
    select *
    from {{ ref('stg_inventory__counts') }}
    where reject_reason is null
    qualify
        row_number() over (
            partition by item_id, warehouse_id, count_date
            order by _file_name desc nulls last, _file_row_number desc nulls last, _loaded_at desc nulls last
        ) = 1
),

totals as (
    select
        'latest rows' as side,
        count(*) as count_rows,
        count(on_hand_quantity) as known_counts,
        sum(on_hand_quantity) as on_hand_quantity
    from latest
    union all
    select
        'fct_stock_counts' as side,
        count(*) as count_rows,
        count(on_hand_quantity) as known_counts,
        sum(on_hand_quantity) as on_hand_quantity
    from {{ ref('fct_stock_counts') }}
),

compared as (
    select
        count(distinct count_rows) as different_rows,
        count(distinct known_counts) as different_known,
        count(distinct coalesce(on_hand_quantity, 0)) as different_quantity
    from totals
)

select *
from compared
where different_rows > 1 or different_known > 1 or different_quantity > 1
