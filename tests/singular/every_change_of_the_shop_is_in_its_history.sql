-- At the moment of every change that was accepted, the history shows just what the change says: the version that it left, or none after a
-- deletion of a version. The accounting counts as accepted what counts here. Nothing is tolerated. Who acts: whoever changed
-- versions_of_changes.
with customer_changes as (
    {{ latest_rows(ref('stg_shop__customers'), ['customer_id', 'updated_at']) }}
),

product_changes as (
    {{ latest_rows(ref('stg_shop__products'), ['product_id', 'updated_at']) }}
),

customers as (
    select * from {{ ref('dim_customers_history') }}
    where source_name = 'shop'
),

products as (
    select * from {{ ref('dim_products_history') }}
    where source_name = 'shop'
),

compared as (
    select
        'customers' as feed_name,
        changes.customer_id as source_id,
        changes.updated_at,
        case
            -- before all that is known of a customer the first version holds from the floor nevertheless, for the sales of that time
            when changes.operation = 'D' then versions.customer_key is null or changes.updated_at < versions.changed_at
            else
                versions.customer_key is not null
                and versions.first_name is not distinct from changes.first_name
                and versions.last_name is not distinct from changes.last_name
                and versions.company_name is not distinct from changes.company_name
                and versions.email is not distinct from changes.email
                and versions.phone is not distinct from changes.phone
                and versions.address_line_1 is not distinct from changes.address_line_1
                and versions.address_line_2 is not distinct from changes.address_line_2
                and versions.city is not distinct from changes.city
                and versions.state is not distinct from changes.state
                and versions.postal_code is not distinct from changes.postal_code
                and versions.country is not distinct from changes.country
                and versions.territory is not distinct from changes.territory
        end as is_shown
    from customer_changes as changes
    left join customers as versions
        on
            changes.customer_id = versions.source_customer_id
            and {{ valid_at('versions', 'changes.updated_at') }}
    union all
    select
        'products' as feed_name,
        changes.product_id as source_id,
        changes.updated_at,
        versions.product_key is not null
        and versions.product_name is not distinct from changes.product_name
        and versions.category_name is not distinct from changes.category_name
        and versions.current_price is not distinct from changes.price
        and versions.stock_quantity is not distinct from changes.stock_quantity as is_shown
    from product_changes as changes
    left join products as versions
        on
            changes.product_id = versions.source_product_id
            and {{ valid_at('versions', 'changes.updated_at') }}
),

counted as (
    select
        feed_name,
        count(*) as change_count
    from compared
    group by feed_name
),

accepted as (
    select
        feed_name,
        sum(accepted_rows) as accepted_rows
    from {{ ref('audit_row_accounting') }}
    where source_name = 'shop' and feed_name in ('customers', 'products')
    group by feed_name
)

select
    feed_name,
    source_id,
    cast(updated_at as varchar) as fault
from compared
where not is_shown
union all
select
    accepted.feed_name,
    cast(null as varchar) as source_id,
    'accepted rows are not the changes compared' as fault
from accepted
left join counted
    on accepted.feed_name = counted.feed_name
where accepted.accepted_rows != coalesce(counted.change_count, 0)
