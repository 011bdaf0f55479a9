-- a table: every value is text that is parsed, repaired and hashed, and a dozen models read it; incremental, by file: a night parses the
-- new files
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=["{{ forget_files() }}", "{{ delete_rows_of_files('_file_name', [['marketplace', 'transactions']]) }}"],
    post_hook="{{ take_files([['marketplace', 'transactions']]) }}"
) }}

-- depends_on: {{ ref('stg_landing__files') }}, {{ ref('int_taken_files') }}
{% set names = new_names([['marketplace', 'transactions']]) %}

with landed as (
    {{ newly_landed('marketplace', 'transactions', names) }}
),

cleaned as (
    select
        -- what makes two rows one sale: every column equal, as it stands in the file
        {{ surrogate_key([
            'landed.transaction_id', 'landed.customer_id', 'landed.name', 'landed.email', 'landed.phone', 'landed.address',
            'landed.city', 'landed.state', 'landed.zipcode', 'landed.country', 'landed.age', 'landed.gender', 'landed.income',
            'landed.customer_segment', 'landed.date', 'landed.year', 'landed.month', 'landed.time', 'landed.total_purchases',
            'landed.amount', 'landed.total_amount', 'landed.product_category', 'landed.product_brand', 'landed.product_type',
            'landed.feedback', 'landed.shipping_method', 'landed.payment_method', 'landed.order_status', 'landed.ratings',
            'landed.products'
        ]) }} as row_key,

        -- ids
        {{ id_text('landed.transaction_id') }} as transaction_id,
        {{ id_text('landed.customer_id') }} as customer_id,

        -- attributes: the person
        {{ clean_text('landed.name') }} as customer_name,
        {{ clean_text('landed.email') }} as email,
        {{ id_text('landed.phone') }} as phone,
        {{ id_text('landed.age') }} as age_text,
        {{ clean_text('landed.gender') }} as gender_text,
        {{ clean_text('landed.income') }} as income_group,
        {{ clean_text('landed.customer_segment') }} as segment_name,

        -- attributes: the place
        {{ clean_text('landed.address') }} as street_address,
        {{ clean_text('landed.city') }} as city,
        {{ clean_text('landed.state') }} as state,
        {{ id_text('landed.zipcode') }} as postal_text,
        {{ clean_text('landed.country') }} as country,

        -- attributes: the product
        {{ clean_text('landed.product_category') }} as category_name,
        {{ clean_text('landed.product_brand') }} as brand_name,
        {{ clean_text('landed.product_type') }} as product_type_name,
        {{ clean_text('landed.products') }} as product_name,

        -- attributes: the order
        {{ clean_text('landed.shipping_method') }} as shipping_method_name,
        {{ clean_text('landed.payment_method') }} as payment_method_name,
        {{ clean_text('landed.order_status') }} as order_status_name,
        {{ clean_text('landed.feedback') }} as feedback_text,
        {{ id_text('landed.ratings') }} as rating_text,

        -- quantities and amounts, as text
        {{ blank_to_null('landed.total_purchases') }} as quantity_text,
        {{ blank_to_null('landed.amount') }} as unit_price_text,
        {{ blank_to_null('landed.total_amount') }} as total_text,

        -- dates and times, as text
        {{ blank_to_null('landed.date') }} as date_text,
        {{ blank_to_null('landed.year') }} as year_text,
        {{ blank_to_null('landed.month') }} as month_text,
        {{ blank_to_null('landed.time') }} as time_text,

        -- load metadata
        {{ landed_date() }} as landed_date,
        landed._file_name,
        landed._file_row_number,
        landed._loaded_at
    from landed
),

parsed as (
    select
        *,
        {{ whole_number('age_text') }} as age,
        {{ whole_number('rating_text') }} as rating_number,
        {{ whole_number('quantity_text') }} as landed_quantity,
        -- 18 digits: a cast to more of them is a hundred times slower on DuckDB
        {{ dbt.safe_cast('unit_price_text', 'decimal(18, 8)') }} as landed_unit_price,
        {{ dbt.safe_cast('total_text', 'decimal(18, 8)') }} as landed_total,
        {{ month_day_year('date_text') }} as landed_sold_date,
        {{ first_of_month('year_text', 'month_text') }} as first_of_sold_month,
        {{ second_of_day('time_text') }} as sold_second_of_day,
        {{ restore_leading_zeros('postal_text', 'country') }} as postal_code
    from cleaned
),

-- back from the total: only where it comes out even, to the cent
quantities as (
    select
        *,
        case
            when landed_quantity is not null then landed_quantity
            when landed_unit_price > 0 and abs(landed_total - landed_unit_price * round(landed_total / landed_unit_price)) < 0.01
                then cast(round(landed_total / landed_unit_price) as bigint)
        end as quantity
    from parsed
),

prices as (
    select
        *,
        case
            when landed_unit_price is not null then landed_unit_price
            -- more would not fit the type, and stop the model; the total is still an amount
            when abs(landed_total) < 1000000000 then cast(landed_total / nullif(quantity, 0) as decimal(18, 8))
        end as unit_price
    from quantities
),

repaired as (
    select
        *,
        coalesce({{ line_amount('unit_price', 'quantity') }}, cast(landed_total as decimal(18, 2))) as sales_amount,
        coalesce(landed_sold_date, first_of_sold_month) as sold_date,
        case when rating_number between 1 and 5 then rating_number end as rating
    from prices
),

renamed as (
    select
        -- ids
        row_key,
        transaction_id,
        customer_id,

        -- attributes: the person
        customer_name,
        email,
        phone,
        age,
        case lower(gender_text) when 'male' then 'M' when 'female' then 'F' else gender_text end as gender,
        income_group,
        segment_name,

        -- attributes: the place
        street_address,
        city,
        state,
        postal_code,
        country,

        -- attributes: the product
        category_name,
        brand_name,
        product_type_name,
        product_name,

        -- attributes: the order
        shipping_method_name,
        payment_method_name,
        order_status_name,
        feedback_text,
        rating,

        -- quantities and amounts
        quantity,
        cast(unit_price as decimal(18, 2)) as unit_sales_price,
        cast(landed_total as decimal(18, 2)) as landed_total_amount,
        sales_amount,

        -- dates and times
        sold_date,
        sold_second_of_day,

        -- flags
        landed_sold_date is null and first_of_sold_month is not null as is_sold_date_estimated,

        -- what was done to the row, in words
        {{ joined_notes([
            ["landed_sold_date is null and first_of_sold_month is not null", "sold on the first of its month: the day is not known"],
            ["landed_quantity is null and quantity is not null", "quantity from total / price"],
            ["landed_unit_price is null and unit_price is not null", "price from total / quantity"],
            ["landed_total is null and sales_amount is not null", "total from quantity x price"],
            ["abs(landed_total - landed_unit_price * landed_quantity) >= 0.01 and abs(landed_unit_price * landed_quantity) < 1000000000000000", "total is not quantity x price: quantity x price counts"],
            ["postal_code != postal_text", "leading zeros of the postal code restored"],
            ["age_text is not null and age is null", "age dropped: not a whole number"],
            ["rating_text is not null and rating is null", "rating dropped: not 1 to 5"],
            ["time_text is not null and sold_second_of_day is null", "time dropped: not H:MM:SS"],
            ["quantity_text is not null and landed_quantity is null", "quantity dropped: not a whole number"],
        ]) }} as repairs,

        -- load metadata
        landed_date,
        _file_name,
        _file_row_number,
        _loaded_at
    from repaired
),

checked as (
    select
        *,
        case
            when sold_date is null then 'no date: neither date nor year and month can be read'
            when sales_amount is null then 'no amount: neither total_amount nor amount x total_purchases can be read'
            when landed_date is null then 'the path has no dt=YYYY-MM-DD'
            when not {{ in_calendar('sold_date') }} then 'date is outside the calendar'
        end as reject_reason
    from renamed
)

select * from checked
