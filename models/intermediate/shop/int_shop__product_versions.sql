-- delete+insert, not merge: all versions of a product with new rows are made anew, and there may be fewer than before
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='product_id',
    on_schema_change='fail',
    pre_hook="{{ forget_files() }}",
    post_hook="{{ take_files([['shop', 'products']]) }}"
) }}

-- depends_on: {{ ref('stg_landing__files') }}, {{ ref('int_taken_files') }}
with products as (
    select *
    from {{ ref('stg_shop__products') }}
    {% if is_incremental() %}
    -- all rows of the products that a new file names, old ones too; by the id as it stood in the file, which the engine can filter before
    -- staging parses the rows: a seventh of the time
    where product_id_text in (
        select spelled.product_id_text
        from {{ ref('stg_shop__products') }} as spelled
        where spelled.product_id in (
            select named.product_id
            from {{ ref('stg_shop__products') }} as named
            where named._file_name in ({{ new_files([['shop', 'products']]) }})
        )
    )
    {% endif %}
),

-- of several rows with one moment the last counts
changes as (
    {{ latest_rows('products', ['product_id', 'updated_at']) }}
),

versions as (
    {{ versions_of_changes('changes', 'product_id', [
        'product_name', 'category_name', ['price', 'decimal'], ['stock_quantity', 'integer']
    ]) }}
),

final as (
    select
        -- ids
        product_id,

        -- attributes
        product_name,
        category_name,
        stock_quantity,

        -- amounts
        price,

        -- dates and times
        updated_at,
        valid_from,
        valid_to
    from versions
)

select * from final
