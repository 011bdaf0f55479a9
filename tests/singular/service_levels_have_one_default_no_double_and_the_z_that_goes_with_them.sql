-- The safety stock is z standard deviations. Without a default products would have none, with a double they would be listed twice, and a z
-- of another service level would keep a promise that nobody made. The share that z stands for may differ by 0.005: people write z with two
-- decimals. Who acts: whoever edited seeds/service_levels.csv.
with service_levels as (
    select
        coalesce(lower({{ blank_to_null('category_name') }}), '') as category_name,
        service_level,
        z_value,
        -- the normal distribution at z, to 0.0003 (Page 1977)
        1 / (
            1 + exp(-1.5957691216 * (cast(z_value as double) + 0.044715 * cast(z_value as double) * z_value * z_value))
        ) as share_of_z
    from {{ ref('service_levels') }}
),

faults as (
    select
        category_name,
        'more than one row for this category: keep one' as fault
    from service_levels
    group by category_name
    having count(*) > 1
    union all
    select
        category_name,
        'service_level is missing or not between 0.5 and 0.9999' as fault
    from service_levels
    where coalesce(service_level not between 0.5 and 0.9999, true)
    union all
    select
        category_name,
        'z_value is missing or not that of the service level' as fault
    from service_levels
    where coalesce(abs(share_of_z - service_level) > 0.005, true)
    union all
    select
        '' as category_name,
        'no default: add a row with category_name blank' as fault
    from (
        select count(case when category_name = '' then 1 end) as defaults
        from service_levels
    ) as counted
    where defaults = 0
)

select * from faults
