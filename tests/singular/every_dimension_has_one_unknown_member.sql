-- Facts whose key is missing or does not resolve point to the unknown member; without it they would be lost in every join.
-- Nothing is tolerated. Who acts: whoever changed the dimension.
{% set dimensions = {
    'dim_addresses': 'address_key',
    'dim_call_centers': 'call_center_key',
    'dim_catalog_pages': 'catalog_page_key',
    'dim_customer_demographics': 'customer_demographics_key',
    'dim_customers': 'customer_key',
    'dim_customers_history': 'customer_key',
    'dim_household_demographics': 'household_demographics_key',
    'dim_locations': 'location_key',
    'dim_order_statuses': 'order_status_key',
    'dim_payment_methods': 'payment_method_key',
    'dim_products': 'product_key',
    'dim_products_history': 'product_key',
    'dim_promotions': 'promotion_key',
    'dim_promotions_history': 'promotion_version_key',
    'dim_return_reasons': 'return_reason_key',
    'dim_shipping_methods': 'shipping_method_key',
    'dim_stores': 'store_key',
    'dim_stores_history': 'store_key',
    'dim_warehouses': 'warehouse_key',
    'dim_warehouses_history': 'warehouse_version_key',
    'dim_web_pages': 'web_page_key',
    'dim_web_sites': 'web_site_key'
} %}

with members as (
    {% for dimension, key in dimensions.items() %}
        select
            '{{ dimension }}' as dimension,
            count(case when is_unknown then 1 end) as marked_unknown,
            count(case when {{ key }} = {{ unknown_key() }} then 1 end) as keyed_unknown
        from {{ ref(dimension) }}
        union all
    {% endfor %}
    select
        'dim_dates' as dimension,
        count(case when is_unknown then 1 end) as marked_unknown,
        count(case when date_key = -1 and date_day is null then 1 end) as keyed_unknown
    from {{ ref('dim_dates') }}
    union all
    select
        'dim_times' as dimension,
        count(case when is_unknown then 1 end) as marked_unknown,
        count(case when time_key = -1 then 1 end) as keyed_unknown
    from {{ ref('dim_times') }}
    union all
    select
        'dim_channels' as dimension,
        count(case when is_unknown then 1 end) as marked_unknown,
        count(case when channel = 'unknown' then 1 end) as keyed_unknown
    from {{ ref('dim_channels') }}
)

select *
from members
where marked_unknown != 1 or keyed_unknown != 1
