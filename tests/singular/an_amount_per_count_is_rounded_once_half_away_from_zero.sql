-- amount_per divides exactly. 5.00 / 1001 is 0.004995: rounded to four decimals first, it would become a cent. Halves go away from zero on
-- both engines, and nothing divides by nothing. Nothing is tolerated. Who acts: whoever changed the macro.
with cases as (
    select
        cast(5.00 as decimal(18, 2)) as amount,
        cast(1001 as bigint) as divisor,
        cast(0.00 as decimal(18, 2)) as expected
    union all
    select
        cast(-0.05 as decimal(18, 2)) as amount,
        cast(10 as bigint) as divisor,
        cast(-0.01 as decimal(18, 2)) as expected
    union all
    select
        cast(10.00 as decimal(18, 2)) as amount,
        cast(3 as bigint) as divisor,
        cast(3.33 as decimal(18, 2)) as expected
    union all
    select
        cast(10.00 as decimal(18, 2)) as amount,
        cast(0 as bigint) as divisor,
        cast(null as decimal(18, 2)) as expected
),

divided as (
    select
        *,
        {{ amount_per('amount', 'divisor') }} as got
    from cases
)

select *
from divided
where coalesce(cast(got as varchar), '') != coalesce(cast(expected as varchar), '')
