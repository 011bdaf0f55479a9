-- a table: the one place that reads every bronze table just for the names of its files
{{ config(materialized='table') }}

{%- set feeds = [
    ('ops', 'store_sales'), ('ops', 'catalog_sales'), ('ops', 'web_sales'),
    ('ops', 'store_returns'), ('ops', 'catalog_returns'), ('ops', 'web_returns'),
    ('ops', 'customer'), ('ops', 'customer_address'), ('ops', 'customer_demographics'), ('ops', 'household_demographics'),
    ('ops', 'income_band'), ('ops', 'item'), ('ops', 'store'), ('ops', 'warehouse'), ('ops', 'promotion'), ('ops', 'ship_mode'),
    ('ops', 'reason'), ('ops', 'call_center'), ('ops', 'catalog_page'), ('ops', 'web_site'), ('ops', 'web_page'),
    ('ops', 'date_dim'), ('ops', 'time_dim'), ('inventory', 'inventory')
] %}

with landed as (
    {% for source_name, feed in feeds %}
    select
        '{{ source_name }}' as source_name,
        '{{ feed }}' as feed_name,
        _file_name,
        {{ landed_date() }} as landed_date,
        count(*) as row_count
    from {{ source(source_name, feed) }}
    group by _file_name
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select * from landed
