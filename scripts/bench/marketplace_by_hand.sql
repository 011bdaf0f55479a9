-- From the files of the marketplace to gold, written by hand for DuckDB: the tables that its rows reach, in the schemas by_hand and
-- by_hand_audit. It is the yardstick of marketplace.py beside it, and an independent computation of the cleaning rules (docs/decisions.md): same columns,
-- same types, same keys, same rules; no row or value may differ.
--
-- It runs after the statements of star_by_hand.sql that make its macros, dim_dates, dim_times and dim_channels. Variable `landing` is the
-- landing zone.
-- Fair means: written as one would who knows the data and the engine. The files are read once and kept while the script runs, not in
-- bronze; the text is cleaned once; keys are computed where they can be, without a join. NOT NULL constraints are left out, as in
-- star_by_hand.sql. A line that cannot be read stops the script: no file of the benchmark has one.

-- ---------------------------------------------------------------------------------------------------------- expressions

create temp macro spaced(value) as
    nullif(replace(replace(replace(trim(value), '  ', ' '), '  ', ' '), '  ', ' '), '');
-- "8691788.0" is 8691788
create temp macro plain(value) as if(suffix(trim(value), '.0'), trim(value)[:-3], clean(value));
create temp macro part(value) as coalesce(value, chr(30));
create temp macro market_key(value) as md5('marketplace' || chr(31) || value);
-- of an account or a product, which have one version and no moment of a change
create temp macro market_version_key(value) as md5('marketplace' || chr(31) || value || chr(31) || chr(30));
-- digits that a country's postal codes have, where they may begin with zeros
create temp macro postal_digits(country) as
    case lower(country) when 'usa' then 5 when 'germany' then 5 when 'australia' then 4 else 0 end;
create temp macro band(age) as
    case when age < 18 then 'under 18' when age >= 65 then '65+' when age <= 24 then '18-24'
        else ((age - 5) // 10 * 10 + 5) || '-' || ((age - 5) // 10 * 10 + 14) end;

-- ------------------------------------------------------------------------------------------------------------ the files

create temp table landed as
select * exclude (filename), filename[length(getvariable('landing')) + 2:] as file_name
from read_csv(
    getvariable('landing') || '/marketplace/transactions/**/*.csv',
    header = true, all_varchar = true, filename = true, hive_partitioning = false, delim = ',', quote = '"', escape = '"',
    allow_quoted_nulls = false
);

create temp table files as
select file_name, path_date(file_name) as landed_date, min(rowid) as first_line, count(*) as line_count
from landed
group by file_name;

create temp table cleaned as
with texts as (
    select
        landed.rowid as line,
        landed.rowid - first_line + 1 as file_row_number,
        file_name,
        landed_date,
        md5(concat_ws(
            chr(31), part(transaction_id), part(customer_id), part(name), part(email), part(phone), part(address), part(city), part(state),
            part(zipcode), part(country), part(age), part(gender), part(income), part(customer_segment), part(date), part(year), part(month),
            part(time), part(total_purchases), part(amount), part(total_amount), part(product_category), part(product_brand),
            part(product_type), part(feedback), part(shipping_method), part(payment_method), part(order_status), part(ratings), part(products)
        )) as order_id,
        plain(transaction_id) as order_number,
        plain(customer_id) as customer,
        spaced(name) as name,
        spaced(email) as email,
        plain(phone) as phone,
        spaced(address) as address,
        spaced(city) as city,
        spaced(state) as state,
        spaced(country) as country,
        plain(zipcode) as zip,
        plain(age) as age_text,
        spaced(gender) as gender_text,
        spaced(income) as income,
        spaced(customer_segment) as segment,
        spaced(product_category) as category,
        spaced(product_brand) as brand,
        spaced(product_type) as product_type,
        spaced(products) as product,
        spaced(feedback) as feedback,
        spaced(shipping_method) as shipping,
        spaced(payment_method) as payment,
        spaced(order_status) as status,
        plain(ratings) as rating_text,
        clean(total_purchases) as quantity_text,
        try_cast(clean(amount) as decimal(18, 8)) as given_price,
        try_cast(clean(total_amount) as decimal(18, 8)) as given_total,
        if(clean(date) like '%/%/____', try_strptime(clean(date), '%m/%d/%Y'), null)::date as given_day,
        try_strptime(plain(year) || ' ' || clean(month), '%Y %B')::date as first_of_month,
        clean(time) as time_text
    from landed
    join files using (file_name)
),

-- quantity, price and total: any two give the third, a quantity only where it comes out even
measured as (
    select
        *,
        whole(quantity_text) as given_quantity,
        coalesce(
            given_quantity,
            if(given_price > 0 and abs(given_total - given_price * round(given_total / given_price)) < 0.01, round(given_total / given_price), null)::bigint
        ) as quantity,
        coalesce(given_price, (given_total / nullif(quantity, 0))::decimal(18, 8)) as price,
        -- four digits of quantity are multiplied in 18 digits, which is quicker than in 38
        coalesce(
            if(abs(price) < 1000000 and abs(quantity) < 10000, (price::decimal(14, 8) * quantity::decimal(4, 0))::decimal(18, 2), (price * quantity)::decimal(18, 2)),
            given_total::decimal(18, 2)
        ) as sales_amount,
        coalesce(given_day, first_of_month) as sold_date,
        given_day is null and first_of_month is not null as is_estimated,
        epoch(try_strptime(time_text, '%H:%M:%S')::time)::bigint as second,
        whole(age_text) as age,
        if(whole(rating_text) between 1 and 5, whole(rating_text), null) as rating,
        if(try_cast(zip as bigint) is not null and length(zip) < postal_digits(country), lpad(zip, postal_digits(country), '0'), zip) as postal_code,
        if(coalesce(category, brand, product_type, product) is null, null, lower(concat_ws(
            ' | ', coalesce(category, ''), coalesce(brand, ''), coalesce(product_type, ''), coalesce(product, '')
        ))) as product_id
    from texts
)

select
    * exclude (age_text, rating_text, quantity_text, time_text, given_day, first_of_month, gender_text, given_quantity, zip),
    md5(concat_ws(chr(31), 'marketplace', 'marketplace', order_id, '1')) as sales_line_key,
    place_key(city, state, postal_code, country) as location_key,
    case lower(gender_text) when 'male' then 'M' when 'female' then 'F' else gender_text end as gender,
    nullif(concat_ws(
        '; ',
        if(is_estimated, 'sold on the first of its month: the day is not known', null),
        if(given_quantity is null and quantity is not null, 'quantity from total / price', null),
        if(given_price is null and price is not null, 'price from total / quantity', null),
        if(given_total is null and sales_amount is not null, 'total from quantity x price', null),
        if(abs(given_total - given_price * given_quantity) >= 0.01, 'total is not quantity x price: quantity x price counts', null),
        if(postal_code != zip, 'leading zeros of the postal code restored', null),
        if(age_text is not null and age is null, 'age dropped: not a whole number', null),
        if(rating_text is not null and rating is null, 'rating dropped: not 1 to 5', null),
        if(time_text is not null and second is null, 'time dropped: not H:MM:SS', null),
        if(quantity_text is not null and given_quantity is null, 'quantity dropped: not a whole number', null)
    ), '') as repairs,
    case
        when sold_date is null then 'no date: neither date nor year and month can be read'
        when sales_amount is null then 'no amount: neither total_amount nor amount x total_purchases can be read'
        when landed_date is null then 'the path has no dt=YYYY-MM-DD'
        when not covered(sold_date) then 'date is outside the calendar'
    end as reject_reason
from measured;

-- ---------------------------------------------------------------------------------------------------------- one sale a row
-- Hardly any line comes again, so only those that do are ranked. Lines are numbered in the order of files and rows, but the order
-- of rows begins with the date.

create temp table repeats as
select line, file_name
from cleaned
semi join (select order_id from cleaned where reject_reason is null group by order_id having count(*) > 1) as again using (order_id)
where reject_reason is null
qualify row_number() over (partition by order_id order by landed_date desc, file_name desc, file_row_number desc) > 1;

create temp table sales as
select * exclude (reject_reason)
from cleaned
anti join repeats using (line)
where reject_reason is null;

-- ----------------------------------------------------------------------------------------------------------- dimensions

create table by_hand.dim_customers_history as
with newest as (
    select arg_max(line, (landed_date, file_name, file_row_number)) as line
    from sales
    where customer is not null
    group by customer
)

select
    market_version_key(customer) as customer_key,
    'marketplace:' || customer as customer_id,
    'marketplace' as source_name,
    customer as source_customer_id,
    customer as customer_code,
    null::varchar as source_current_address_id,
    null::varchar as source_current_customer_demographics_id,
    null::varchar as source_current_household_demographics_id,
    null::varchar as salutation,
    null::varchar as first_name,
    null::varchar as last_name,
    null::boolean as is_preferred_customer,
    null::bigint as birth_day,
    null::bigint as birth_month,
    null::bigint as birth_year,
    null::varchar as birth_country,
    null::varchar as login,
    email,
    null::varchar as street_number,
    null::varchar as street_name,
    null::varchar as street_type,
    null::varchar as suite_number,
    city,
    null::varchar as county,
    state,
    postal_code,
    country,
    null::decimal(5, 2) as gmt_offset_hours,
    null::varchar as location_type,
    gender,
    null::varchar as marital_status,
    null::varchar as education_status,
    null::bigint as purchase_estimate_amount,
    null::varchar as credit_rating,
    null::bigint as dependent_count,
    null::bigint as employed_dependent_count,
    null::bigint as college_dependent_count,
    null::varchar as buy_potential,
    null::bigint as household_dependent_count,
    null::bigint as household_vehicle_count,
    null::bigint as income_lower_bound_amount,
    null::bigint as income_upper_bound_amount,
    null::date as first_shipto_date,
    null::date as first_sales_date,
    null::date as last_review_date,
    null::date as registration_date,
    name as full_name,
    null::varchar as company_name,
    phone,
    address as street_address,
    null::varchar as address_line_1,
    null::varchar as address_line_2,
    null::varchar as territory,
    age,
    band(age) as age_band,
    income as income_group,
    segment as segment_name,
    null::timestamp as changed_at,
    timestamp '1900-01-01' as valid_from,
    timestamp '9999-12-31' as valid_to,
    timestamp '9999-12-31' as held_until,
    true as is_current,
    false as is_deleted,
    false as is_unknown
from sales
semi join newest using (line)
union all by name
select
    '-1' as customer_key, 'unknown' as customer_id, 'Unknown' as full_name, timestamp '1900-01-01' as valid_from,
    timestamp '9999-12-31' as valid_to, timestamp '9999-12-31' as held_until, true as is_current, false as is_deleted, true as is_unknown;

create view by_hand.dim_customers as
select customer_id, customer_key, * exclude (customer_id, customer_key, valid_to, held_until, is_current)
from by_hand.dim_customers_history;

create table by_hand.dim_products_history as
with newest as (
    select arg_max(line, (landed_date, file_name, file_row_number)) as line
    from sales
    where product_id is not null
    group by product_id
)

select
    market_version_key(product_id) as product_key,
    'marketplace:' || product_id as product_id,
    'marketplace' as source_name,
    product_id as source_product_id,
    product_id as source_durable_product_id,
    null::bigint as source_brand_id,
    null::bigint as source_class_id,
    null::bigint as source_category_id,
    null::bigint as source_manufacturer_id,
    null::bigint as source_manager_id,
    product as product_name,
    null::varchar as product_description,
    brand as brand_name,
    product_type as class_name,
    category as category_name,
    null::varchar as manufacturer_name,
    null::varchar as size_name,
    null::varchar as formulation,
    null::varchar as color,
    null::varchar as unit_of_measure,
    null::varchar as container,
    null::bigint as stock_quantity,
    null::decimal(18, 2) as current_price,
    null::decimal(18, 2) as wholesale_cost,
    null::date as version_start_date,
    null::date as version_end_date,
    null::timestamp as changed_at,
    timestamp '1900-01-01' as valid_from,
    timestamp '9999-12-31' as valid_to,
    true as is_current,
    false as is_unknown
from sales
semi join newest using (line)
union all by name
select
    '-1' as product_key, 'unknown' as product_id, 'Unknown' as product_name,
    timestamp '1900-01-01' as valid_from, timestamp '9999-12-31' as valid_to, true as is_current, true as is_unknown;

create table by_hand.dim_products as
select
    product_id, product_key,
    * exclude (product_id, product_key, version_start_date, version_end_date, changed_at, valid_to, is_current)
from by_hand.dim_products_history;

-- of several spellings the one that most lines have
create table by_hand.dim_locations as
with spellings as (
    select location_key, city, state, postal_code, country, count(*) as line_count
    from sales
    where location_key != '-1'
    group by all
)

select
    location_key,
    coalesce(city, postal_code, state, country) as location_name,
    city,
    null::varchar as county,
    state,
    postal_code,
    country,
    false as is_unknown
from spellings
qualify row_number() over (
    partition by location_key
    order by line_count desc, city desc nulls last, state desc nulls last, postal_code desc nulls last, country desc nulls last
) = 1
union all by name
select '-1' as location_key, 'Unknown' as location_name, true as is_unknown;

create temp macro named(field) as table
select lower(word) as id, arg_max(word, (line_count, word)) as name
from (select word, count(*) as line_count from (select unnest([field]) as word from sales) where word is not null group by word)
group by lower(word);

create table by_hand.dim_payment_methods as
select market_key(id) as payment_method_key, 'marketplace' as source_name, id as source_payment_method_id, name as payment_method_name, false as is_unknown
from named(payment)
union all by name
select '-1' as payment_method_key, 'Unknown' as payment_method_name, true as is_unknown;

create table by_hand.dim_order_statuses as
select market_key(id) as order_status_key, 'marketplace' as source_name, id as source_order_status_id, name as order_status_name, false as is_unknown
from named(status)
union all by name
select '-1' as order_status_key, 'Unknown' as order_status_name, true as is_unknown;

create table by_hand.dim_shipping_methods as
select
    market_key(id) as shipping_method_key,
    'marketplace:' || id as shipping_method_id,
    'marketplace' as source_name,
    id as source_shipping_method_id,
    null::varchar as ship_mode_code,
    name as ship_mode_type,
    null::varchar as ship_mode_means,
    null::varchar as carrier_name,
    null::varchar as contract_code,
    false as is_unknown
from named(shipping)
union all by name
select '-1' as shipping_method_key, 'unknown' as shipping_method_id, 'Unknown' as ship_mode_type, true as is_unknown;

-- ---------------------------------------------------------------------------------------------------------------- facts

create table by_hand.fct_sales as
select
    sales_line_key,
    'marketplace' as source_name,
    'marketplace' as channel,
    order_id,
    '1' as line_id,
    order_number,

    day_key(sold_date) as sold_date_key,
    second_key(second) as sold_time_key,
    -1::bigint as ship_date_key,
    coalesce(products.product_key, '-1') as product_key,
    coalesce(market_version_key(customer), '-1') as customer_key,
    '-1' as customer_demographics_key,
    '-1' as household_demographics_key,
    '-1' as address_key,
    '-1' as ship_customer_key,
    '-1' as ship_customer_demographics_key,
    '-1' as ship_household_demographics_key,
    '-1' as ship_address_key,
    '-1' as store_key,
    '-1' as call_center_key,
    '-1' as catalog_page_key,
    '-1' as web_site_key,
    '-1' as web_page_key,
    coalesce(shipping_methods.shipping_method_key, '-1') as shipping_method_key,
    '-1' as warehouse_key,
    '-1' as promotion_key,
    coalesce(payment_methods.payment_method_key, '-1') as payment_method_key,
    coalesce(order_statuses.order_status_key, '-1') as order_status_key,
    location_key,

    coalesce('marketplace:' || sales.product_id, 'unknown') as product_id,
    coalesce('marketplace:' || customer, 'unknown') as customer_id,
    'unknown' as ship_customer_id,
    'unknown' as store_id,
    'unknown' as warehouse_id,

    sales.product_id as source_product_id,
    customer as source_bill_customer_id,
    null::varchar as source_bill_customer_demographics_id,
    null::varchar as source_bill_household_demographics_id,
    null::varchar as source_bill_address_id,
    null::varchar as source_ship_customer_id,
    null::varchar as source_ship_customer_demographics_id,
    null::varchar as source_ship_household_demographics_id,
    null::varchar as source_ship_address_id,
    null::varchar as source_store_id,
    null::varchar as source_call_center_id,
    null::varchar as source_catalog_page_id,
    null::varchar as source_web_site_id,
    null::varchar as source_web_page_id,
    lower(shipping) as source_shipping_method_id,
    null::varchar as source_warehouse_id,
    null::varchar as source_promotion_id,
    lower(payment) as source_payment_method_id,
    lower(status) as source_order_status_id,
    null::varchar as source_sold_date_id,
    null::varchar as source_sold_time_id,
    null::varchar as source_ship_date_id,

    sold_date,
    second as sold_second_of_day,
    sold_date + to_seconds(coalesce(second, 0)) as sold_at,
    null::date as ship_date,

    quantity,
    null::decimal(18, 2) as unit_wholesale_cost,
    null::decimal(18, 2) as unit_list_price,
    price::decimal(18, 2) as unit_sales_price,
    null::decimal(18, 2) as extended_discount_amount,
    given_total::decimal(18, 2) as extended_sales_amount,
    null::decimal(18, 2) as extended_wholesale_cost_amount,
    null::decimal(18, 2) as extended_list_amount,
    null::decimal(18, 2) as tax_amount,
    null::decimal(18, 2) as coupon_amount,
    null::decimal(18, 2) as shipping_cost_amount,
    null::decimal(18, 2) as net_paid_amount,
    null::decimal(18, 2) as net_paid_including_tax_amount,
    null::decimal(18, 2) as net_paid_including_shipping_amount,
    null::decimal(18, 2) as net_paid_including_shipping_and_tax_amount,
    null::decimal(18, 2) as net_profit_amount,
    sales_amount,

    name as line_customer_name,
    email as line_customer_email,
    phone as line_customer_phone,
    address as line_customer_address,
    age as line_customer_age,
    band(age) as line_customer_age_band,
    gender as line_customer_gender,
    income as line_customer_income_group,
    segment as line_customer_segment_name,

    is_estimated as is_sold_date_estimated,
    repairs,
    coalesce(quantity < 0, false) as is_cancelled
from sales
left join by_hand.dim_products_history as products on sales.product_id = products.source_product_id
left join by_hand.dim_shipping_methods as shipping_methods on lower(shipping) = shipping_methods.source_shipping_method_id
left join by_hand.dim_payment_methods as payment_methods on lower(payment) = payment_methods.source_payment_method_id
left join by_hand.dim_order_statuses as order_statuses on lower(status) = order_statuses.source_order_status_id;

create table by_hand.fct_customer_feedback as
select
    sales_line_key,
    'marketplace' as source_name,
    day_key(sold_date) as sold_date_key,
    coalesce(market_version_key(customer), '-1') as customer_key,
    coalesce('marketplace:' || customer, 'unknown') as customer_id,
    coalesce(products.product_key, '-1') as product_key,
    coalesce('marketplace:' || sales.product_id, 'unknown') as product_id,
    location_key,
    rating,
    feedback as feedback_text,
    case lower(feedback) when 'bad' then 1 when 'average' then 2 when 'good' then 3 when 'excellent' then 4 end::bigint as feedback_score,
    coalesce(rating <= 2 and feedback_score >= 3 or rating >= 4 and feedback_score = 1, false) as is_contradictory
from sales
left join by_hand.dim_products_history as products on sales.product_id = products.source_product_id
where rating is not null or feedback is not null;

-- --------------------------------------------------------------------------------------------------------------- audit

create schema by_hand_audit;

create table by_hand_audit.audit_rejected_rows as
select
    'staging' as stage,
    'marketplace' as source_name,
    'transactions' as feed_name,
    rejected.file_name,
    rejected.file_row_number,
    rejected.reject_reason,
    -- equal rows have equal outcomes; what a path without a date rejects has no place in the order of rows
    false as is_resolved,
    -- as JSON
    cast(
        to_json({
            'transaction_id': transaction_id, 'customer_id': customer_id, 'name': landed.name, 'email': landed.email, 'phone':
            landed.phone, 'address': landed.address, 'city': landed.city, 'state': landed.state, 'zipcode': zipcode, 'country':
            landed.country, 'age': landed.age, 'gender': landed.gender, 'income': landed.income, 'customer_segment':
            customer_segment, 'date': date, 'year': year, 'month': month, 'time': time, 'total_purchases': total_purchases,
            'amount': amount, 'total_amount': total_amount, 'product_category': product_category, 'product_brand': product_brand,
            'product_type': landed.product_type, 'feedback': landed.feedback, 'shipping_method': shipping_method, 'payment_method':
            payment_method, 'order_status': order_status, 'ratings': ratings, 'products': products
        }) as varchar
    ) as row_content
from cleaned as rejected
join landed on rejected.line = landed.rowid
where rejected.reject_reason is not null;

create table by_hand_audit.audit_row_accounting as
select
    'marketplace' as source_name,
    'transactions' as feed_name,
    files.file_name,
    files.landed_date,
    'loaded' as load_status,
    line_count as landed_rows,
    0::bigint as rejected_at_load_rows,
    count(cleaned.reject_reason) as rejected_in_staging_rows,
    count(repeats.line) as repeat_rows,
    -- every later row with the same key is a repeat: the key is the whole row
    0::bigint as superseded_rows,
    line_count - count(cleaned.reject_reason) - count(repeats.line) as accepted_rows,
    0::bigint as unexplained_rows
from files
left join cleaned using (file_name)
left join repeats on cleaned.line = repeats.line
group by files.file_name, files.landed_date, line_count;
