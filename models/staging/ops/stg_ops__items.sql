with landed as (
    {{ landed('ops', 'item') }}
),

renamed as (
    select
        -- ids
        i_item_sk as item_id,
        {{ blank_to_null('i_item_id') }} as item_code,
        i_brand_id as brand_id,
        i_class_id as class_id,
        i_category_id as category_id,
        i_manufact_id as manufacturer_id,
        i_manager_id as manager_id,

        -- attributes
        {{ blank_to_null('i_product_name') }} as product_name,
        {{ blank_to_null('i_item_desc') }} as product_description,
        {{ blank_to_null('i_brand') }} as brand_name,
        {{ blank_to_null('i_class') }} as class_name,
        {{ blank_to_null('i_category') }} as category_name,
        {{ blank_to_null('i_manufact') }} as manufacturer_name,
        {{ blank_to_null('i_size') }} as size_name,
        {{ blank_to_null('i_formulation') }} as formulation,
        {{ blank_to_null('i_color') }} as color,
        {{ blank_to_null('i_units') }} as unit_of_measure,
        {{ blank_to_null('i_container') }} as container,

        -- amounts
        cast(i_current_price as decimal(18, 2)) as current_price,
        cast(i_wholesale_cost as decimal(18, 2)) as wholesale_cost,

        -- dates and times
        i_rec_start_date as version_start_date,
        i_rec_end_date as version_end_date,

        -- load metadata
        {{ landed_date() }} as landed_date,
        _file_name,
        _file_row_number,
        _loaded_at
    from landed
),

checked as (
    select
        *,
        case
            when item_id is null then 'item_id is missing'
            when landed_date is null then 'the path has no dt=YYYY-MM-DD'
        end as reject_reason
    from renamed
)

select * from checked
