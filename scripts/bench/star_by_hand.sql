-- The star of the operational source written by hand for DuckDB: every table of schema gold, in schema by_hand, from the same
-- bronze tables, in one script. It is the yardstick of the dbt models' speed (models.py beside it) and an independent
-- computation of their content: same columns, same types, same keys, same rules; no row or value may differ.
--
-- Fair means: written as one would who knows the data and the engine. Dimensions are looked up by the integer keys of bronze,
-- repeated keys are searched for on those alone, and nothing that only dbt needs is done (views of silver, comments).
-- NOT NULL: dbt creates its tables with the constraints of the contracts and inserts into them. CREATE TABLE AS can't declare
-- them, and they are left out here. It makes no difference that can be measured: 400,000 rows of 25 hashes took 1.1 s of processor time
-- either way (DuckDB 1.5.5); what little it costs counts against dbt.
-- Not built here: the seeds (us_holidays, channels), which dbt has loaded before either run, and the tables that are empty but for
-- their unknown member while only the operational source takes part (by_hand.py names them).

create schema by_hand;

-- ---------------------------------------------------------------------------------------------------------- expressions

create temp macro clean(value) as nullif(trim(value), '');
create temp macro flag(value) as case value when 'Y' then true when 'N' then false end;
create temp macro ops_key(id) as md5('ops' || chr(31) || id::varchar);
-- of a version that the source numbers itself: it has no moment of a change
create temp macro numbered_key(id) as md5('ops' || chr(31) || id::varchar || chr(31) || chr(30));
create temp macro version_key(id, moment) as md5('ops' || chr(31) || id::varchar || chr(31) || strftime(moment, '%Y-%m-%d %H:%M:%S.%f'));
create temp macro day_key(day) as coalesce((year(day) * 10000 + month(day) * 100 + day(day))::bigint, -1);
-- the moment of an event, for looking up the version that holds; without a day the last one
create temp macro held_moment(day, second) as
    coalesce(day + to_seconds(if(second between 0 and 86399, second, 0)), timestamp '9999-12-30');
create temp macro second_key(second) as case when second between 0 and 86399 then second else -1 end;
-- the dt=YYYY-MM-DD of a path; null where there is none
create temp macro path_date(path) as
    case when split_part(split_part(path, '/dt=', 2), '/', 1) like '____-__-__'
        then try_cast(split_part(split_part(path, '/dt=', 2), '/', 1) as date) end;
-- the key of a place, whatever its spelling; '-1' where nothing names it
create temp macro place_key(city, state, postal_code, country) as
    case when coalesce(city, state, postal_code, country) is null then '-1'
        else md5(
            coalesce(lower(city), chr(30)) || chr(31) || coalesce(lower(state), chr(30)) || chr(31)
            || coalesce(lower(postal_code), chr(30)) || chr(31) || coalesce(lower(country), chr(30))
        ) end;
create temp macro covered(day) as day is null or day between date '1990-01-01' and date '2035-12-31';
create temp macro whole(value) as
    case when try_cast(value as double) = try_cast(value as bigint) then try_cast(value as bigint) end;
-- n / d, four decimals, half away from zero, in whole numbers
create temp macro exact_ratio(n, d) as
    (sign(n) * sign(d) * ((abs(n) * 20000 + abs(d)) // nullif(abs(d) * 2, 0))::decimal(18, 0) * 0.0001::decimal(5, 4))::decimal(18, 4);

-- ---------------------------------------------------------------------------------------------------------- state feeds
-- The rows of the newest extract; of several with one key the last.

create temp table calendar as
from (
    select d_date_sk, d_date, path_date(_file_name) as landed, _file_name, _file_row_number, _loaded_at
    from bronze.ops__date_dim
    qualify landed = max(landed) over ()
)
select d_date_sk, d_date
where d_date_sk is not null
qualify row_number() over (partition by d_date_sk order by _file_name desc, _file_row_number desc, _loaded_at desc) = 1;

create temp macro newest_of(feed, id) as table
from (
    from query_table(feed) as landed
    select landed.*, path_date(_file_name) as landed_on
    where id is not null
)
select *
where landed_on = (select max(path_date(_file_name)) from query_table(feed) where id is not null)
qualify row_number() over (partition by id order by _file_name desc, _file_row_number desc, _loaded_at desc) = 1;

-- ----------------------------------------------------------------------------------------------------------- dimensions

create table by_hand.dim_channels as
select channel, channel_name, ships_from_warehouse, false as is_unknown from seeds.channels
union all by name
select 'unknown' as channel, 'Unknown' as channel_name, true as is_unknown;

create table by_hand.dim_dates as
with days as (
    select day::date as d, day_offset
    from (select range as day_offset, date '1990-01-01' + range::integer as day from range(16801))
),

-- dayofweek counts from Sunday, isodow from Monday
weeks as (
    select
        d,
        dayofweek(d) as since_sunday,
        isodow(d) - 1 as since_monday,
        d - dayofweek(d)::integer as sunday,
        d - (isodow(d) - 1)::integer as monday,
        d - (isodow(d) - 1)::integer + 3 as thursday,
        -- the retail year starts on the Sunday from 29 January to 4 February; four weeks before it is the same January
        make_date(year(d - dayofweek(d)::integer - 28), 2, 4) as fourth_of_february
    from days
),

retail as (
    select
        *,
        fourth_of_february - dayofweek(fourth_of_february)::integer as retail_year_start,
        (sunday - (fourth_of_february - dayofweek(fourth_of_february)::integer)) // 7 + 1 as retail_week
    from weeks
),

months as (
    -- quarters of 4, 5, 4 weeks: the months that start after weeks 4, 9, 13; a 53rd week belongs to the last
    select
        *,
        least(12, 1 + len(list_filter([4, 9, 13, 17, 22, 26, 30, 35, 39, 43, 48], last_week -> retail_week > last_week))) as retail_month
    from retail
),

holidays as (
    select
        holiday_date,
        string_agg(holiday_name, ' / ' order by holiday_name) as holiday_name,
        bool_or(is_federal_holiday) as is_federal_holiday
    from seeds.us_holidays
    group by holiday_date
)

select
    day_key(d) as date_key,
    d as date_day,
    sunday as week_start_date,
    sunday + 6 as week_end_date,
    since_sunday + 1 as day_of_week_number,
    dayname(d) as day_name,
    since_sunday in (0, 6) as is_weekend,
    day(d) as day_of_month,
    dayofyear(d) as day_of_year,
    month(d) as month_number,
    monthname(d) as month_name,
    date_trunc('month', d)::date as month_start_date,
    last_day(d) as month_end_date,
    quarter(d) as quarter_number,
    date_trunc('quarter', d)::date as quarter_start_date,
    year(d) as year_number,
    date_trunc('year', d)::date as year_start_date,
    year(thursday) as iso_year,
    weekofyear(d) as iso_week_number,
    monday as iso_week_start_date,
    since_monday + 1 as iso_day_of_week_number,
    year(fourth_of_february) as retail_year,
    ((retail_month - 1) // 3 + 1)::bigint as retail_quarter_number,
    retail_month::bigint as retail_month_number,
    retail_week as retail_week_number,
    sunday as retail_week_start_date,
    retail_year_start as retail_year_start_date,
    ['Winter', 'Spring', 'Summer', 'Autumn'][(month(d) % 12) // 3 + 1] as season_name,
    holidays.holiday_name,
    holidays.holiday_name is not null as is_holiday,
    coalesce(holidays.is_federal_holiday, false) as is_federal_holiday,
    d - 364 as prior_year_date,
    source.d_date_sk::varchar as source_date_id,
    source.d_month_seq as source_month_sequence,
    source.d_week_seq as source_week_sequence,
    source.d_quarter_seq as source_quarter_sequence,
    source.d_fy_year as source_fiscal_year,
    source.d_fy_quarter_seq as source_fiscal_quarter_sequence,
    source.d_fy_week_seq as source_fiscal_week_sequence,
    source.d_qoy as source_quarter_number,
    clean(source.d_quarter_name) as source_quarter_name,
    flag(source.d_holiday) as is_source_holiday,
    flag(source.d_weekend) as is_source_weekend,
    flag(source.d_following_holiday) as is_source_after_holiday,
    false as is_unknown
from months
left join holidays on months.d = holidays.holiday_date
left join newest_of('bronze.ops__date_dim', d_date_sk) as source on months.d = source.d_date
union all by name
select -1 as date_key, 'Unknown' as day_name, 'Unknown' as month_name, true as is_unknown;

create table by_hand.dim_times as
select
    second as time_key,
    second // 3600 as hour_number,
    second % 3600 // 60 as minute_number,
    second % 60 as second_number,
    lpad((second // 3600)::varchar, 2, '0') || ':00' as hour_name,
    if(second < 43200, 'AM', 'PM') as am_pm,
    clean(source.t_shift) as shift_name,
    clean(source.t_sub_shift) as sub_shift_name,
    clean(source.t_meal_time) as meal_time,
    false as is_unknown
from (select range as second from range(86400))
left join newest_of('bronze.ops__time_dim', t_time_sk) as source on second = source.t_time_sk
union all by name
select -1 as time_key, 'Unknown' as hour_name, true as is_unknown;

create table by_hand.dim_addresses as
select
    ops_key(ca_address_sk) as address_key,
    'ops:' || ca_address_sk as address_id,
    'ops' as source_name,
    ca_address_sk::varchar as source_address_id,
    clean(ca_address_id) as address_code,
    place_key(clean(ca_city), clean(ca_state), clean(ca_zip), clean(ca_country)) as location_key,
    clean(ca_street_number) as street_number,
    clean(ca_street_name) as street_name,
    clean(ca_street_type) as street_type,
    clean(ca_suite_number) as suite_number,
    clean(ca_city) as city,
    clean(ca_county) as county,
    clean(ca_state) as state,
    clean(ca_zip) as postal_code,
    clean(ca_country) as country,
    ca_gmt_offset as gmt_offset_hours,
    clean(ca_location_type) as location_type,
    false as is_unknown
from newest_of('bronze.ops__customer_address', ca_address_sk)
union all by name
select '-1' as address_key, 'unknown' as address_id, '-1' as location_key, true as is_unknown;

create table by_hand.dim_customer_demographics as
select
    ops_key(cd_demo_sk) as customer_demographics_key,
    'ops:' || cd_demo_sk as customer_demographics_id,
    'ops' as source_name,
    cd_demo_sk::varchar as source_customer_demographics_id,
    clean(cd_gender) as gender,
    clean(cd_marital_status) as marital_status,
    clean(cd_education_status) as education_status,
    cd_purchase_estimate as purchase_estimate_amount,
    clean(cd_credit_rating) as credit_rating,
    cd_dep_count as dependent_count,
    cd_dep_employed_count as employed_dependent_count,
    cd_dep_college_count as college_dependent_count,
    false as is_unknown
from newest_of('bronze.ops__customer_demographics', cd_demo_sk)
union all by name
select '-1' as customer_demographics_key, 'unknown' as customer_demographics_id, true as is_unknown;

create table by_hand.dim_household_demographics as
select
    ops_key(hd_demo_sk) as household_demographics_key,
    'ops:' || hd_demo_sk as household_demographics_id,
    'ops' as source_name,
    hd_demo_sk::varchar as source_household_demographics_id,
    hd_income_band_sk::varchar as source_income_band_id,
    clean(hd_buy_potential) as buy_potential,
    hd_dep_count as household_dependent_count,
    hd_vehicle_count as household_vehicle_count,
    ib_lower_bound as income_lower_bound_amount,
    ib_upper_bound as income_upper_bound_amount,
    false as is_unknown
from newest_of('bronze.ops__household_demographics', hd_demo_sk) as households
left join newest_of('bronze.ops__income_band', ib_income_band_sk) as bands on hd_income_band_sk = ib_income_band_sk
union all by name
select '-1' as household_demographics_key, 'unknown' as household_demographics_id, true as is_unknown;

-- ------------------------------------------------------------------------------------------------- histories of states
-- The days of a history are those of the extracts of its feeds; on each, every feed shows its newest extract until then. What is equal
-- on days in a row is one version; a key that a day lacks was deleted.

create temp macro days_of(feeds) as table
select day::timestamp as day, row_number() over (order by day) as number
from (select distinct path_date(_file_name) as day from query_table(feeds, true))
where day is not null;

create temp macro states_of(feed, id, days) as table
with extracts as (
    from query_table(feed) as landed
    select landed.*, path_date(_file_name) as landed_on
    where id is not null and path_date(_file_name) is not null
    qualify row_number() over (
        partition by path_date(_file_name), id order by _file_name desc, _file_row_number desc, _loaded_at desc
    ) = 1
),

shown as (
    select number, day, max(landed_on) as landed_on
    from query_table(days)
    join (select distinct landed_on from extracts) on landed_on <= day
    group by number, day
)

from extracts
join shown using (landed_on);

-- the versions that a table of states (number and day, id, attributes) makes, the first from the floor
create temp macro versions_kept(states, days) as table
with compared as (
    select *, hash(*columns(* exclude (number, day))) as content
    from query_table(states)
),

sequenced as (
    select *, coalesce(number = lag(number) over by_id + 1 and content = lag(content) over by_id, false) as goes_on
    from compared
    window by_id as (partition by id order by number)
),

numbered as (
    select *, count(*) filter (not goes_on) over (partition by id order by number) as version
    from sequenced
),

ends as (
    select id, version, max(number) + 1 as end_number
    from numbered
    group by id, version
)

select
    numbered.* exclude (number, day, content, goes_on, version),
    numbered.day as changed_at,
    if(version = 1, timestamp '1900-01-01', numbered.day) as valid_from,
    coalesce(end_days.day, timestamp '9999-12-31') as valid_to,
    coalesce(lead(numbered.day) over (partition by id order by numbered.number), timestamp '9999-12-31') as held_until,
    valid_to = timestamp '9999-12-31' as is_current,
    valid_to < held_until as is_deleted,
    false as is_unknown
from numbered
join ends using (id, version)
left join query_table(days) as end_days on end_days.number = end_number
where not goes_on;

create temp table customer_days as from days_of([
    'bronze.ops__customer', 'bronze.ops__customer_address', 'bronze.ops__customer_demographics', 'bronze.ops__household_demographics',
    'bronze.ops__income_band'
]);

-- of two million kinds of people those that a customer is
create temp table named_demographics as
from bronze.ops__customer_demographics
semi join bronze.ops__customer on cd_demo_sk = c_current_cdemo_sk;

create temp table customer_states as
select
    customers.number,
    customers.day,
    c_customer_sk as id,
    clean(c_customer_id) as customer_code,
    c_current_addr_sk as address,
    c_current_cdemo_sk as cdemo,
    c_current_hdemo_sk as hdemo,
    clean(c_salutation) as salutation,
    clean(c_first_name) as first_name,
    clean(c_last_name) as last_name,
    flag(c_preferred_cust_flag) as is_preferred_customer,
    c_birth_day as birth_day,
    c_birth_month as birth_month,
    c_birth_year as birth_year,
    clean(c_birth_country) as birth_country,
    clean(c_login) as login,
    clean(c_email_address) as email,
    clean(ca_street_number) as street_number,
    clean(ca_street_name) as street_name,
    clean(ca_street_type) as street_type,
    clean(ca_suite_number) as suite_number,
    clean(ca_city) as city,
    clean(ca_county) as county,
    clean(ca_state) as state,
    clean(ca_zip) as postal_code,
    clean(ca_country) as country,
    ca_gmt_offset as gmt_offset_hours,
    clean(ca_location_type) as location_type,
    clean(cd_gender) as gender,
    clean(cd_marital_status) as marital_status,
    clean(cd_education_status) as education_status,
    cd_purchase_estimate as purchase_estimate_amount,
    clean(cd_credit_rating) as credit_rating,
    cd_dep_count as dependent_count,
    cd_dep_employed_count as employed_dependent_count,
    cd_dep_college_count as college_dependent_count,
    clean(hd_buy_potential) as buy_potential,
    hd_dep_count as household_dependent_count,
    hd_vehicle_count as household_vehicle_count,
    ib_lower_bound as income_lower_bound_amount,
    ib_upper_bound as income_upper_bound_amount,
    first_shipto.d_date as first_shipto_date,
    first_sales.d_date as first_sales_date,
    last_review.d_date as last_review_date
from states_of('bronze.ops__customer', c_customer_sk, 'customer_days') as customers
left join states_of('bronze.ops__customer_address', ca_address_sk, 'customer_days') as addresses
    on c_current_addr_sk = ca_address_sk and customers.number = addresses.number
left join states_of('named_demographics', cd_demo_sk, 'customer_days') as people
    on c_current_cdemo_sk = cd_demo_sk and customers.number = people.number
left join states_of('bronze.ops__household_demographics', hd_demo_sk, 'customer_days') as households
    on c_current_hdemo_sk = hd_demo_sk and customers.number = households.number
left join states_of('bronze.ops__income_band', ib_income_band_sk, 'customer_days') as bands
    on hd_income_band_sk = ib_income_band_sk and customers.number = bands.number
left join calendar as first_shipto on c_first_shipto_date_sk = first_shipto.d_date_sk
left join calendar as first_sales on c_first_sales_date_sk = first_sales.d_date_sk
left join calendar as last_review on c_last_review_date_sk = last_review.d_date_sk;

create table by_hand.dim_customers_history as
select
    version_key(id, changed_at) as customer_key,
    'ops:' || id as customer_id,
    'ops' as source_name,
    id::varchar as source_customer_id,
    customer_code,
    address::varchar as source_current_address_id,
    cdemo::varchar as source_current_customer_demographics_id,
    hdemo::varchar as source_current_household_demographics_id,
    salutation,
    first_name,
    last_name,
    is_preferred_customer,
    birth_day,
    birth_month,
    birth_year,
    birth_country,
    login,
    email,
    street_number,
    street_name,
    street_type,
    suite_number,
    city,
    county,
    state,
    postal_code,
    country,
    gmt_offset_hours,
    location_type,
    gender,
    marital_status,
    education_status,
    purchase_estimate_amount,
    credit_rating,
    dependent_count,
    employed_dependent_count,
    college_dependent_count,
    buy_potential,
    household_dependent_count,
    household_vehicle_count,
    income_lower_bound_amount,
    income_upper_bound_amount,
    first_shipto_date,
    first_sales_date,
    last_review_date,
    null::date as registration_date,
    nullif(trim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), '') as full_name,
    null::varchar as company_name,
    null::varchar as phone,
    null::varchar as street_address,
    null::varchar as address_line_1,
    null::varchar as address_line_2,
    null::varchar as territory,
    null::bigint as age,
    null::varchar as age_band,
    null::varchar as income_group,
    null::varchar as segment_name,
    changed_at,
    valid_from,
    valid_to,
    held_until,
    is_current,
    is_deleted,
    is_unknown
from versions_kept('customer_states', 'customer_days')
union all by name
select
    '-1' as customer_key, 'unknown' as customer_id, 'Unknown' as full_name, timestamp '1900-01-01' as valid_from,
    timestamp '9999-12-31' as valid_to, timestamp '9999-12-31' as held_until, true as is_current, false as is_deleted, true as is_unknown;

create view by_hand.dim_customers as
select customer_id, customer_key, * exclude (customer_id, customer_key, valid_to, held_until, is_current)
from by_hand.dim_customers_history
where held_until = timestamp '9999-12-31';

create view by_hand.customer_view as
with versions as (
    select customer_id, count(*) as version_count, min(changed_at) as first_changed_at, max(changed_at) as last_changed_at
    from by_hand.dim_customers_history
    group by customer_id
)

select
    customer_id,
    source_name,
    customer_code,
    full_name,
    company_name,
    email,
    phone,
    coalesce(
        street_address,
        case
            when street_number is not null and street_name is not null
                then trim(street_number || ' ' || street_name || ' ' || coalesce(street_type, '') || ' ' || coalesce(suite_number, ''))
        end
    ) as street_address,
    city,
    county,
    state,
    postal_code,
    country,
    territory,
    location_type,
    is_preferred_customer,
    birth_year,
    birth_country,
    age_band,
    gender,
    marital_status,
    education_status,
    credit_rating,
    purchase_estimate_amount,
    income_group,
    segment_name,
    buy_potential,
    household_dependent_count,
    household_vehicle_count,
    income_lower_bound_amount,
    income_upper_bound_amount,
    registration_date,
    first_sales_date,
    last_review_date,
    version_count,
    first_changed_at,
    last_changed_at,
    is_deleted,
    is_unknown
from by_hand.dim_customers
join versions using (customer_id);

create table by_hand.dim_catalog_pages as
select
    ops_key(cp_catalog_page_sk) as catalog_page_key,
    'ops:' || cp_catalog_page_sk as catalog_page_id,
    'ops' as source_name,
    cp_catalog_page_sk::varchar as source_catalog_page_id,
    clean(cp_catalog_page_id) as catalog_page_code,
    clean(cp_department) as department,
    cp_catalog_number as catalog_number,
    cp_catalog_page_number as page_number,
    clean(cp_description) as page_description,
    clean(cp_type) as catalog_type,
    starts.d_date as start_date,
    ends.d_date as end_date,
    false as is_unknown
from newest_of('bronze.ops__catalog_page', cp_catalog_page_sk)
left join calendar as starts on cp_start_date_sk = starts.d_date_sk
left join calendar as ends on cp_end_date_sk = ends.d_date_sk
union all by name
select '-1' as catalog_page_key, 'unknown' as catalog_page_id, 'Unknown' as page_description, true as is_unknown;

create temp table promotion_days as from days_of(['bronze.ops__promotion']);

create temp table promotion_states as
select
    number,
    day,
    p_promo_sk as id,
    clean(p_promo_id) as promotion_code,
    p_item_sk::varchar as source_item_id,
    clean(p_promo_name) as promotion_name,
    p_response_target as response_target,
    flag(p_channel_dmail) as is_direct_mail,
    flag(p_channel_email) as is_email,
    flag(p_channel_catalog) as is_catalog,
    flag(p_channel_tv) as is_tv,
    flag(p_channel_radio) as is_radio,
    flag(p_channel_press) as is_press,
    flag(p_channel_event) as is_event,
    flag(p_channel_demo) as is_demo,
    clean(p_channel_details) as channel_details,
    clean(p_purpose) as purpose,
    flag(p_discount_active) as is_discount_active,
    p_cost::decimal(18, 2) as promotion_cost_amount,
    starts.d_date as start_date,
    ends.d_date as end_date
from states_of('bronze.ops__promotion', p_promo_sk, 'promotion_days')
left join calendar as starts on p_start_date_sk = starts.d_date_sk
left join calendar as ends on p_end_date_sk = ends.d_date_sk;

create table by_hand.dim_promotions_history as
select
    version_key(id, changed_at) as promotion_version_key,
    ops_key(id) as promotion_key,
    'ops:' || id as promotion_id,
    'ops' as source_name,
    id::varchar as source_promotion_id,
    * exclude (id)
from versions_kept('promotion_states', 'promotion_days')
union all by name
select
    '-1' as promotion_version_key, '-1' as promotion_key, 'unknown' as promotion_id, 'Unknown' as promotion_name,
    timestamp '1900-01-01' as valid_from, timestamp '9999-12-31' as valid_to, timestamp '9999-12-31' as held_until,
    true as is_current, false as is_deleted, true as is_unknown;

create table by_hand.dim_promotions as
select * exclude (promotion_version_key, changed_at, valid_from, valid_to, held_until, is_current)
from by_hand.dim_promotions_history
where held_until = timestamp '9999-12-31';

create table by_hand.dim_return_reasons as
select
    ops_key(r_reason_sk) as return_reason_key,
    'ops:' || r_reason_sk as return_reason_id,
    'ops' as source_name,
    r_reason_sk::varchar as source_return_reason_id,
    clean(r_reason_id) as reason_code,
    clean(r_reason_desc) as reason_description,
    false as is_unknown
from newest_of('bronze.ops__reason', r_reason_sk)
union all by name
select '-1' as return_reason_key, 'unknown' as return_reason_id, 'Unknown' as reason_description, true as is_unknown;

create table by_hand.dim_shipping_methods as
select
    ops_key(sm_ship_mode_sk) as shipping_method_key,
    'ops:' || sm_ship_mode_sk as shipping_method_id,
    'ops' as source_name,
    sm_ship_mode_sk::varchar as source_shipping_method_id,
    clean(sm_ship_mode_id) as ship_mode_code,
    clean(sm_type) as ship_mode_type,
    clean(sm_code) as ship_mode_means,
    clean(sm_carrier) as carrier_name,
    clean(sm_contract) as contract_code,
    false as is_unknown
from newest_of('bronze.ops__ship_mode', sm_ship_mode_sk)
union all by name
select '-1' as shipping_method_key, 'unknown' as shipping_method_id, 'Unknown' as ship_mode_type, true as is_unknown;

create temp table warehouse_days as from days_of(['bronze.ops__warehouse']);

create temp table warehouse_states as
select
    number,
    day,
    w_warehouse_sk as id,
    clean(w_warehouse_id) as warehouse_code,
    clean(w_warehouse_name) as warehouse_name,
    w_warehouse_sq_ft as warehouse_square_feet,
    clean(w_street_number) as street_number,
    clean(w_street_name) as street_name,
    clean(w_street_type) as street_type,
    clean(w_suite_number) as suite_number,
    clean(w_city) as city,
    clean(w_county) as county,
    clean(w_state) as state,
    clean(w_zip) as postal_code,
    clean(w_country) as country,
    w_gmt_offset as gmt_offset_hours
from states_of('bronze.ops__warehouse', w_warehouse_sk, 'warehouse_days');

create table by_hand.dim_warehouses_history as
select
    version_key(id, changed_at) as warehouse_version_key,
    ops_key(id) as warehouse_key,
    'ops:' || id as warehouse_id,
    'ops' as source_name,
    id::varchar as source_warehouse_id,
    * exclude (id)
from versions_kept('warehouse_states', 'warehouse_days')
union all by name
select
    '-1' as warehouse_version_key, '-1' as warehouse_key, 'unknown' as warehouse_id, 'Unknown' as warehouse_name,
    timestamp '1900-01-01' as valid_from, timestamp '9999-12-31' as valid_to, timestamp '9999-12-31' as held_until,
    true as is_current, false as is_deleted, true as is_unknown;

create table by_hand.dim_warehouses as
select * exclude (warehouse_version_key, changed_at, valid_from, valid_to, held_until, is_current)
from by_hand.dim_warehouses_history
where held_until = timestamp '9999-12-31';

-- ------------------------------------------------------------------------------------------------- dimensions with versions
-- A version without a start begins the day after the one before it ended, else at the floor; the first of all holds from the
-- floor; each holds until the next starts.

create temp macro versions_of(feed, id, code, starts, ends) as table
from (
    from newest_of(feed, id) as newest
    select
        newest.*,
        coalesce(clean(code), id::varchar) as durable,
        coalesce(starts, lag(ends) over (partition by coalesce(clean(code), id::varchar) order by id) + 1, date '1900-01-01') as starts_on
)
select
    *,
    if(row_number() over version_order = 1, date '1900-01-01', starts_on)::timestamp as valid_from,
    coalesce(lead(starts_on) over version_order, date '9999-12-31')::timestamp as valid_to,
    lead(id) over version_order is null as is_current
window version_order as (partition by durable order by starts_on, id);

create table by_hand.dim_products_history as
select
    numbered_key(i_item_sk) as product_key,
    'ops:' || durable as product_id,
    'ops' as source_name,
    i_item_sk::varchar as source_product_id,
    durable as source_durable_product_id,
    i_brand_id as source_brand_id,
    i_class_id as source_class_id,
    i_category_id as source_category_id,
    i_manufact_id as source_manufacturer_id,
    i_manager_id as source_manager_id,
    clean(i_product_name) as product_name,
    clean(i_item_desc) as product_description,
    clean(i_brand) as brand_name,
    clean(i_class) as class_name,
    clean(i_category) as category_name,
    clean(i_manufact) as manufacturer_name,
    clean(i_size) as size_name,
    clean(i_formulation) as formulation,
    clean(i_color) as color,
    clean(i_units) as unit_of_measure,
    clean(i_container) as container,
    null::bigint as stock_quantity,
    i_current_price::decimal(18, 2) as current_price,
    i_wholesale_cost::decimal(18, 2) as wholesale_cost,
    i_rec_start_date as version_start_date,
    i_rec_end_date as version_end_date,
    null::timestamp as changed_at,
    valid_from,
    valid_to,
    is_current,
    false as is_unknown
from versions_of('bronze.ops__item', i_item_sk, i_item_id, i_rec_start_date, i_rec_end_date)
union all by name
select
    '-1' as product_key, 'unknown' as product_id, 'Unknown' as product_name,
    timestamp '1900-01-01' as valid_from, timestamp '9999-12-31' as valid_to, true as is_current, true as is_unknown;

create table by_hand.dim_products as
select
    product_id, product_key,
    * exclude (product_id, product_key, version_start_date, version_end_date, changed_at, valid_to, is_current)
from by_hand.dim_products_history
where is_current;

create temp table store_days as from days_of(['bronze.ops__store']);

create temp table store_states as
select
    number,
    day,
    s_store_sk as id,
    clean(s_store_id) as store_code,
    s_market_id::varchar as source_market_id,
    s_division_id::varchar as source_division_id,
    s_company_id::varchar as source_company_id,
    clean(s_store_name) as store_name,
    s_number_employees as employee_count,
    s_floor_space as floor_space_square_feet,
    clean(s_hours) as opening_hours,
    clean(s_manager) as manager_name,
    clean(s_geography_class) as geography_class,
    clean(s_market_desc) as market_description,
    clean(s_market_manager) as market_manager_name,
    clean(s_division_name) as division_name,
    clean(s_company_name) as company_name,
    clean(s_street_number) as street_number,
    clean(s_street_name) as street_name,
    clean(s_street_type) as street_type,
    clean(s_suite_number) as suite_number,
    clean(s_city) as city,
    clean(s_county) as county,
    clean(s_state) as state,
    clean(s_zip) as postal_code,
    clean(s_country) as country,
    s_gmt_offset as gmt_offset_hours,
    s_tax_percentage as tax_rate,
    s_rec_start_date as version_start_date,
    s_rec_end_date as version_end_date,
    closed.d_date as closed_date
from states_of('bronze.ops__store', s_store_sk, 'store_days')
left join calendar as closed on s_closed_date_sk = closed.d_date_sk;

-- the source numbers the versions of its stores itself: each as it was seen last, deleted ones too
create table by_hand.dim_stores_history as
with last_states as (
    select
        * exclude (changed_at, valid_from, valid_to, held_until, is_current),
        coalesce(store_code, id::varchar) as durable,
        coalesce(
            version_start_date, lag(version_end_date) over (partition by coalesce(store_code, id::varchar) order by id) + 1, date '1900-01-01'
        ) as starts_on
    from versions_kept('store_states', 'store_days')
    where held_until = timestamp '9999-12-31'
),

numbered as (
    select
        *,
        if(row_number() over store_order = 1, date '1900-01-01', starts_on)::timestamp as valid_from,
        coalesce(lead(starts_on) over store_order, date '9999-12-31')::timestamp as valid_to,
        lead(id) over store_order is null as is_current
    from last_states
    window store_order as (partition by durable order by starts_on, id)
)

select
    ops_key(id) as store_key,
    'ops:' || durable as store_id,
    'ops' as source_name,
    id::varchar as source_store_id,
    store_code,
    source_market_id,
    source_division_id,
    source_company_id,
    place_key(city, state, postal_code, country) as location_key,
    * exclude (
        id, durable, starts_on, store_code, source_market_id, source_division_id, source_company_id, valid_from, valid_to, is_current,
        is_deleted, is_unknown
    ),
    valid_from,
    valid_to,
    is_current,
    is_deleted,
    is_unknown
from numbered
union all by name
select
    '-1' as store_key, 'unknown' as store_id, '-1' as location_key, 'Unknown' as store_name, timestamp '1900-01-01' as valid_from,
    timestamp '9999-12-31' as valid_to, true as is_current, false as is_deleted, true as is_unknown;

create table by_hand.dim_stores as
select * exclude (valid_to, is_current) from by_hand.dim_stores_history where is_current;

-- one row a place: the spelling that most addresses and stores have
create table by_hand.dim_locations as
select
    location_key,
    coalesce(city, postal_code, state, country) as location_name,
    city,
    county,
    state,
    postal_code,
    country,
    false as is_unknown
from (
    select location_key, city, max(county) as county, state, postal_code, country, count(*) as places
    from (
        select location_key, city, county, state, postal_code, country from by_hand.dim_addresses
        union all
        select location_key, city, county, state, postal_code, country from by_hand.dim_stores_history
    )
    where location_key != '-1'
    group by all
)
qualify row_number() over (
    partition by location_key
    order by places desc, city desc nulls last, state desc nulls last, postal_code desc nulls last, country desc nulls last
) = 1
union all by name
select '-1' as location_key, 'Unknown' as location_name, true as is_unknown;

create table by_hand.dim_call_centers as
select
    ops_key(cc_call_center_sk) as call_center_key,
    'ops:' || durable as call_center_id,
    'ops' as source_name,
    cc_call_center_sk::varchar as source_call_center_id,
    clean(cc_call_center_id) as call_center_code,
    cc_mkt_id::varchar as source_market_id,
    cc_division::varchar as source_division_id,
    cc_company::varchar as source_company_id,
    clean(cc_name) as call_center_name,
    clean(cc_class) as call_center_class,
    cc_employees as employee_count,
    cc_sq_ft as floor_space_square_feet,
    clean(cc_hours) as opening_hours,
    clean(cc_manager) as manager_name,
    clean(cc_mkt_class) as market_class,
    clean(cc_mkt_desc) as market_description,
    clean(cc_market_manager) as market_manager_name,
    clean(cc_division_name) as division_name,
    clean(cc_company_name) as company_name,
    clean(cc_street_number) as street_number,
    clean(cc_street_name) as street_name,
    clean(cc_street_type) as street_type,
    clean(cc_suite_number) as suite_number,
    clean(cc_city) as city,
    clean(cc_county) as county,
    clean(cc_state) as state,
    clean(cc_zip) as postal_code,
    clean(cc_country) as country,
    cc_gmt_offset as gmt_offset_hours,
    cc_tax_percentage as tax_rate,
    cc_rec_start_date as version_start_date,
    cc_rec_end_date as version_end_date,
    opened.d_date as opened_date,
    closed.d_date as closed_date,
    valid_from,
    valid_to,
    is_current,
    false as is_unknown
from versions_of('bronze.ops__call_center', cc_call_center_sk, cc_call_center_id, cc_rec_start_date, cc_rec_end_date)
left join calendar as opened on cc_open_date_sk = opened.d_date_sk
left join calendar as closed on cc_closed_date_sk = closed.d_date_sk
union all by name
select
    '-1' as call_center_key, 'unknown' as call_center_id, 'Unknown' as call_center_name,
    timestamp '1900-01-01' as valid_from, timestamp '9999-12-31' as valid_to, true as is_current, true as is_unknown;

create table by_hand.dim_web_sites as
select
    ops_key(web_site_sk) as web_site_key,
    'ops:' || durable as web_site_id,
    'ops' as source_name,
    web_site_sk::varchar as source_web_site_id,
    clean(sites.web_site_id) as web_site_code,
    web_mkt_id::varchar as source_market_id,
    web_company_id::varchar as source_company_id,
    clean(web_name) as web_site_name,
    clean(web_class) as web_site_class,
    clean(web_manager) as manager_name,
    clean(web_mkt_class) as market_class,
    clean(web_mkt_desc) as market_description,
    clean(web_market_manager) as market_manager_name,
    clean(web_company_name) as company_name,
    clean(web_street_number) as street_number,
    clean(web_street_name) as street_name,
    clean(web_street_type) as street_type,
    clean(web_suite_number) as suite_number,
    clean(web_city) as city,
    clean(web_county) as county,
    clean(web_state) as state,
    clean(web_zip) as postal_code,
    clean(web_country) as country,
    web_gmt_offset as gmt_offset_hours,
    web_tax_percentage as tax_rate,
    web_rec_start_date as version_start_date,
    web_rec_end_date as version_end_date,
    opened.d_date as opened_date,
    closed.d_date as closed_date,
    valid_from,
    valid_to,
    is_current,
    false as is_unknown
from versions_of('bronze.ops__web_site', web_site_sk, web_site_id, web_rec_start_date, web_rec_end_date) as sites
left join calendar as opened on web_open_date_sk = opened.d_date_sk
left join calendar as closed on web_close_date_sk = closed.d_date_sk
union all by name
select
    '-1' as web_site_key, 'unknown' as web_site_id, 'Unknown' as web_site_name,
    timestamp '1900-01-01' as valid_from, timestamp '9999-12-31' as valid_to, true as is_current, true as is_unknown;

create table by_hand.dim_web_pages as
select
    ops_key(wp_web_page_sk) as web_page_key,
    'ops:' || durable as web_page_id,
    'ops' as source_name,
    wp_web_page_sk::varchar as source_web_page_id,
    clean(wp_web_page_id) as web_page_code,
    wp_customer_sk::varchar as source_customer_id,
    flag(wp_autogen_flag) as is_generated,
    clean(wp_url) as url,
    clean(wp_type) as web_page_type,
    wp_char_count as character_count,
    wp_link_count as link_count,
    wp_image_count as image_count,
    wp_max_ad_count as maximum_ad_count,
    wp_rec_start_date as version_start_date,
    wp_rec_end_date as version_end_date,
    created.d_date as creation_date,
    accessed.d_date as access_date,
    valid_from,
    valid_to,
    is_current,
    false as is_unknown
from versions_of('bronze.ops__web_page', wp_web_page_sk, wp_web_page_id, wp_rec_start_date, wp_rec_end_date)
left join calendar as created on wp_creation_date_sk = created.d_date_sk
left join calendar as accessed on wp_access_date_sk = accessed.d_date_sk
union all by name
select
    '-1' as web_page_key, 'unknown' as web_page_id, 'Unknown' as url,
    timestamp '1900-01-01' as valid_from, timestamp '9999-12-31' as valid_to, true as is_current, true as is_unknown;

-- ---------------------------------------------------------------------------------------------------------------- facts
-- Of several accepted rows with one key the last counts. Keys are narrow integers, so those that landed more than once are
-- found first (hardly ever any), and only their rows are ranked.

create temp table lines_replaced as
with again as (
    select 'store' as channel, ss_ticket_number as order_number, ss_item_sk as item from bronze.ops__store_sales
    group by all having count(*) > 1
    union all
    select 'catalog', cs_order_number, cs_item_sk from bronze.ops__catalog_sales group by all having count(*) > 1
    union all
    select 'web', ws_order_number, ws_item_sk from bronze.ops__web_sales group by all having count(*) > 1
),

landed as (
    select
        'store' as channel, ss_ticket_number as order_number, ss_item_sk as item, sales.rowid as line, sold.d_date as sold_date,
        null::date as ship_date, _file_name, _file_row_number, _loaded_at
    from bronze.ops__store_sales as sales
    semi join again on again.channel = 'store' and ss_ticket_number = order_number and ss_item_sk = item
    left join calendar as sold on ss_sold_date_sk = sold.d_date_sk
    union all
    select
        'catalog', cs_order_number, cs_item_sk, sales.rowid, sold.d_date, ship.d_date, _file_name, _file_row_number, _loaded_at
    from bronze.ops__catalog_sales as sales
    semi join again on again.channel = 'catalog' and cs_order_number = order_number and cs_item_sk = item
    left join calendar as sold on cs_sold_date_sk = sold.d_date_sk
    left join calendar as ship on cs_ship_date_sk = ship.d_date_sk
    union all
    select
        'web', ws_order_number, ws_item_sk, sales.rowid, sold.d_date, ship.d_date, _file_name, _file_row_number, _loaded_at
    from bronze.ops__web_sales as sales
    semi join again on again.channel = 'web' and ws_order_number = order_number and ws_item_sk = item
    left join calendar as sold on ws_sold_date_sk = sold.d_date_sk
    left join calendar as ship on ws_ship_date_sk = ship.d_date_sk
)

select channel, line
from landed
where path_date(_file_name) is not null and covered(sold_date) and covered(ship_date)
qualify row_number() over (
    partition by channel, order_number, item
    order by path_date(_file_name) desc, _file_name desc, _file_row_number desc, _loaded_at desc
) > 1;

create table by_hand.fct_sales as
with lines as (
    select
        'store' as channel, sales.rowid as line, _file_name,
        ss_ticket_number as order_number,
        ss_item_sk as item,
        ss_customer_sk as bill_customer,
        ss_cdemo_sk as bill_cdemo,
        ss_hdemo_sk as bill_hdemo,
        ss_addr_sk as bill_addr,
        ss_store_sk as store,
        ss_promo_sk as promotion,
        ss_sold_date_sk as sold_date_sk,
        ss_sold_time_sk as sold_time,
        ss_quantity as quantity,
        ss_wholesale_cost as wholesale_cost,
        ss_list_price as list_price,
        ss_sales_price as sales_price,
        ss_ext_discount_amt as ext_discount,
        ss_ext_sales_price as ext_sales,
        ss_ext_wholesale_cost as ext_wholesale_cost,
        ss_ext_list_price as ext_list,
        ss_ext_tax as tax,
        ss_coupon_amt as coupon,
        ss_net_paid as net_paid,
        ss_net_paid_inc_tax as net_paid_inc_tax,
        ss_net_profit as net_profit
    from bronze.ops__store_sales as sales
    union all by name
    select
        'catalog' as channel, sales.rowid as line, _file_name,
        cs_order_number as order_number,
        cs_item_sk as item,
        cs_bill_customer_sk as bill_customer,
        cs_bill_cdemo_sk as bill_cdemo,
        cs_bill_hdemo_sk as bill_hdemo,
        cs_bill_addr_sk as bill_addr,
        cs_ship_customer_sk as ship_customer,
        cs_ship_cdemo_sk as ship_cdemo,
        cs_ship_hdemo_sk as ship_hdemo,
        cs_ship_addr_sk as ship_addr,
        cs_call_center_sk as call_center,
        cs_catalog_page_sk as catalog_page,
        cs_ship_mode_sk as ship_mode,
        cs_warehouse_sk as warehouse,
        cs_promo_sk as promotion,
        cs_sold_date_sk as sold_date_sk,
        cs_sold_time_sk as sold_time,
        cs_ship_date_sk as ship_date_sk,
        cs_quantity as quantity,
        cs_wholesale_cost as wholesale_cost,
        cs_list_price as list_price,
        cs_sales_price as sales_price,
        cs_ext_discount_amt as ext_discount,
        cs_ext_sales_price as ext_sales,
        cs_ext_wholesale_cost as ext_wholesale_cost,
        cs_ext_list_price as ext_list,
        cs_ext_tax as tax,
        cs_coupon_amt as coupon,
        cs_ext_ship_cost as ext_ship_cost,
        cs_net_paid as net_paid,
        cs_net_paid_inc_tax as net_paid_inc_tax,
        cs_net_paid_inc_ship as net_paid_inc_ship,
        cs_net_paid_inc_ship_tax as net_paid_inc_ship_tax,
        cs_net_profit as net_profit
    from bronze.ops__catalog_sales as sales
    union all by name
    select
        'web' as channel, sales.rowid as line, _file_name,
        ws_order_number as order_number,
        ws_item_sk as item,
        ws_bill_customer_sk as bill_customer,
        ws_bill_cdemo_sk as bill_cdemo,
        ws_bill_hdemo_sk as bill_hdemo,
        ws_bill_addr_sk as bill_addr,
        ws_ship_customer_sk as ship_customer,
        ws_ship_cdemo_sk as ship_cdemo,
        ws_ship_hdemo_sk as ship_hdemo,
        ws_ship_addr_sk as ship_addr,
        ws_web_site_sk as web_site,
        ws_web_page_sk as web_page,
        ws_ship_mode_sk as ship_mode,
        ws_warehouse_sk as warehouse,
        ws_promo_sk as promotion,
        ws_sold_date_sk as sold_date_sk,
        ws_sold_time_sk as sold_time,
        ws_ship_date_sk as ship_date_sk,
        ws_quantity as quantity,
        ws_wholesale_cost as wholesale_cost,
        ws_list_price as list_price,
        ws_sales_price as sales_price,
        ws_ext_discount_amt as ext_discount,
        ws_ext_sales_price as ext_sales,
        ws_ext_wholesale_cost as ext_wholesale_cost,
        ws_ext_list_price as ext_list,
        ws_ext_tax as tax,
        ws_coupon_amt as coupon,
        ws_ext_ship_cost as ext_ship_cost,
        ws_net_paid as net_paid,
        ws_net_paid_inc_tax as net_paid_inc_tax,
        ws_net_paid_inc_ship as net_paid_inc_ship,
        ws_net_paid_inc_ship_tax as net_paid_inc_ship_tax,
        ws_net_profit as net_profit
    from bronze.ops__web_sales as sales
)

select
    md5('ops' || chr(31) || lines.channel || chr(31) || order_number || chr(31) || item) as sales_line_key,
    'ops' as source_name,
    lines.channel,
    order_number::varchar as order_id,
    item::varchar as line_id,
    order_number::varchar as order_number,

    day_key(sold.d_date) as sold_date_key,
    second_key(sold_time) as sold_time_key,
    day_key(ship.d_date) as ship_date_key,
    coalesce(products.product_key, '-1') as product_key,
    coalesce(bill_customers.customer_key, '-1') as customer_key,
    coalesce(bill_people.customer_demographics_key, '-1') as customer_demographics_key,
    coalesce(bill_households.household_demographics_key, '-1') as household_demographics_key,
    coalesce(bill_addresses.address_key, '-1') as address_key,
    coalesce(ship_customers.customer_key, '-1') as ship_customer_key,
    coalesce(ship_people.customer_demographics_key, '-1') as ship_customer_demographics_key,
    coalesce(ship_households.household_demographics_key, '-1') as ship_household_demographics_key,
    coalesce(ship_addresses.address_key, '-1') as ship_address_key,
    coalesce(stores.store_key, '-1') as store_key,
    coalesce(call_centers.call_center_key, '-1') as call_center_key,
    coalesce(catalog_pages.catalog_page_key, '-1') as catalog_page_key,
    coalesce(web_sites.web_site_key, '-1') as web_site_key,
    coalesce(web_pages.web_page_key, '-1') as web_page_key,
    coalesce(shipping_methods.shipping_method_key, '-1') as shipping_method_key,
    coalesce(warehouses.warehouse_key, '-1') as warehouse_key,
    coalesce(promotions.promotion_key, '-1') as promotion_key,
    '-1' as payment_method_key,
    '-1' as order_status_key,
    coalesce(ship_addresses.location_key, stores.location_key, bill_addresses.location_key, '-1') as location_key,

    coalesce(products.product_id, 'unknown') as product_id,
    coalesce(bill_customers.customer_id, 'unknown') as customer_id,
    coalesce(ship_customers.customer_id, 'unknown') as ship_customer_id,
    coalesce(stores.store_id, 'unknown') as store_id,
    coalesce(warehouses.warehouse_id, 'unknown') as warehouse_id,

    item::varchar as source_product_id,
    bill_customer::varchar as source_bill_customer_id,
    bill_cdemo::varchar as source_bill_customer_demographics_id,
    bill_hdemo::varchar as source_bill_household_demographics_id,
    bill_addr::varchar as source_bill_address_id,
    ship_customer::varchar as source_ship_customer_id,
    ship_cdemo::varchar as source_ship_customer_demographics_id,
    ship_hdemo::varchar as source_ship_household_demographics_id,
    ship_addr::varchar as source_ship_address_id,
    store::varchar as source_store_id,
    call_center::varchar as source_call_center_id,
    catalog_page::varchar as source_catalog_page_id,
    web_site::varchar as source_web_site_id,
    web_page::varchar as source_web_page_id,
    ship_mode::varchar as source_shipping_method_id,
    warehouse::varchar as source_warehouse_id,
    promotion::varchar as source_promotion_id,
    null::varchar as source_payment_method_id,
    null::varchar as source_order_status_id,
    sold_date_sk::varchar as source_sold_date_id,
    sold_time::varchar as source_sold_time_id,
    ship_date_sk::varchar as source_ship_date_id,

    sold.d_date as sold_date,
    sold_time as sold_second_of_day,
    sold.d_date + to_seconds(if(sold_time between 0 and 86399, sold_time, 0)) as sold_at,
    ship.d_date as ship_date,

    quantity,
    lines.wholesale_cost::decimal(18, 2) as unit_wholesale_cost,
    list_price::decimal(18, 2) as unit_list_price,
    sales_price::decimal(18, 2) as unit_sales_price,
    ext_discount::decimal(18, 2) as extended_discount_amount,
    ext_sales::decimal(18, 2) as extended_sales_amount,
    ext_wholesale_cost::decimal(18, 2) as extended_wholesale_cost_amount,
    ext_list::decimal(18, 2) as extended_list_amount,
    tax::decimal(18, 2) as tax_amount,
    coupon::decimal(18, 2) as coupon_amount,
    ext_ship_cost::decimal(18, 2) as shipping_cost_amount,
    net_paid::decimal(18, 2) as net_paid_amount,
    net_paid_inc_tax::decimal(18, 2) as net_paid_including_tax_amount,
    net_paid_inc_ship::decimal(18, 2) as net_paid_including_shipping_amount,
    net_paid_inc_ship_tax::decimal(18, 2) as net_paid_including_shipping_and_tax_amount,
    net_profit::decimal(18, 2) as net_profit_amount,
    coalesce(sales_price * quantity, ext_sales)::decimal(18, 2) as sales_amount,

    null::varchar as line_customer_name,
    null::varchar as line_customer_email,
    null::varchar as line_customer_phone,
    null::varchar as line_customer_address,
    null::bigint as line_customer_age,
    null::varchar as line_customer_age_band,
    null::varchar as line_customer_gender,
    null::varchar as line_customer_income_group,
    null::varchar as line_customer_segment_name,

    false as is_sold_date_estimated,
    null::varchar as repairs,
    coalesce(quantity < 0, false) as is_cancelled
from lines
left join lines_replaced on lines.channel = lines_replaced.channel and lines.line = lines_replaced.line
left join calendar as sold on sold_date_sk = sold.d_date_sk
left join calendar as ship on ship_date_sk = ship.d_date_sk
left join by_hand.dim_products_history as products on item = products.source_product_id::bigint
left join by_hand.dim_customers_history as bill_customers
    on
        bill_customer = bill_customers.source_customer_id::bigint
        and bill_customers.valid_from <= held_moment(sold.d_date, sold_time)
        and held_moment(sold.d_date, sold_time) < bill_customers.held_until
left join by_hand.dim_customer_demographics as bill_people on bill_cdemo = bill_people.source_customer_demographics_id::bigint
left join by_hand.dim_household_demographics as bill_households on bill_hdemo = bill_households.source_household_demographics_id::bigint
left join by_hand.dim_addresses as bill_addresses on bill_addr = bill_addresses.source_address_id::bigint
left join by_hand.dim_customers_history as ship_customers
    on
        ship_customer = ship_customers.source_customer_id::bigint
        and ship_customers.valid_from <= held_moment(sold.d_date, sold_time)
        and held_moment(sold.d_date, sold_time) < ship_customers.held_until
left join by_hand.dim_customer_demographics as ship_people on ship_cdemo = ship_people.source_customer_demographics_id::bigint
left join by_hand.dim_household_demographics as ship_households on ship_hdemo = ship_households.source_household_demographics_id::bigint
left join by_hand.dim_addresses as ship_addresses on ship_addr = ship_addresses.source_address_id::bigint
left join by_hand.dim_stores_history as stores on store = stores.source_store_id::bigint
left join by_hand.dim_call_centers as call_centers on call_center = call_centers.source_call_center_id::bigint
left join by_hand.dim_catalog_pages as catalog_pages on catalog_page = catalog_pages.source_catalog_page_id::bigint
left join by_hand.dim_web_sites as web_sites on web_site = web_sites.source_web_site_id::bigint
left join by_hand.dim_web_pages as web_pages on web_page = web_pages.source_web_page_id::bigint
left join by_hand.dim_shipping_methods as shipping_methods on ship_mode = shipping_methods.source_shipping_method_id::bigint
left join by_hand.dim_warehouses as warehouses on warehouse = warehouses.source_warehouse_id::bigint
left join by_hand.dim_promotions as promotions on promotion = promotions.source_promotion_id::bigint
-- one condition, above the joins: for each of several pushed below them the planner would guess that a fifth of the rows stay, and
-- end up hashing the lines instead of the dimensions
where
    case
        when order_number is null or item is null or path_date(_file_name) is null then false
        when not covered(sold.d_date) or not covered(ship.d_date) then false
        else lines_replaced.line is null
    end;

-- returns are few: ranked as a whole
create table by_hand.fct_returns as
with landed as (
    select
        'store' as channel, _file_name, _file_row_number, _loaded_at,
        sr_ticket_number as order_number,
        sr_item_sk as item,
        sr_customer_sk as returning_customer,
        sr_cdemo_sk as returning_cdemo,
        sr_hdemo_sk as returning_hdemo,
        sr_addr_sk as returning_addr,
        sr_store_sk as store,
        sr_reason_sk as reason,
        sr_returned_date_sk as returned_date_sk,
        sr_return_time_sk as returned_time,
        sr_return_quantity as quantity,
        sr_return_amt as amount,
        sr_return_tax as tax,
        sr_return_amt_inc_tax as amount_inc_tax,
        sr_fee as fee,
        sr_return_ship_cost as ship_cost,
        sr_refunded_cash as cash,
        sr_reversed_charge as charge,
        sr_store_credit as credit,
        sr_net_loss as net_loss
    from bronze.ops__store_returns
    union all by name
    select
        'catalog' as channel, _file_name, _file_row_number, _loaded_at,
        cr_order_number as order_number,
        cr_item_sk as item,
        cr_returning_customer_sk as returning_customer,
        cr_returning_cdemo_sk as returning_cdemo,
        cr_returning_hdemo_sk as returning_hdemo,
        cr_returning_addr_sk as returning_addr,
        cr_refunded_customer_sk as refunded_customer,
        cr_refunded_cdemo_sk as refunded_cdemo,
        cr_refunded_hdemo_sk as refunded_hdemo,
        cr_refunded_addr_sk as refunded_addr,
        cr_call_center_sk as call_center,
        cr_catalog_page_sk as catalog_page,
        cr_ship_mode_sk as ship_mode,
        cr_warehouse_sk as warehouse,
        cr_reason_sk as reason,
        cr_returned_date_sk as returned_date_sk,
        cr_returned_time_sk as returned_time,
        cr_return_quantity as quantity,
        cr_return_amount as amount,
        cr_return_tax as tax,
        cr_return_amt_inc_tax as amount_inc_tax,
        cr_fee as fee,
        cr_return_ship_cost as ship_cost,
        cr_refunded_cash as cash,
        cr_reversed_charge as charge,
        cr_store_credit as credit,
        cr_net_loss as net_loss
    from bronze.ops__catalog_returns
    union all by name
    select
        'web' as channel, _file_name, _file_row_number, _loaded_at,
        wr_order_number as order_number,
        wr_item_sk as item,
        wr_returning_customer_sk as returning_customer,
        wr_returning_cdemo_sk as returning_cdemo,
        wr_returning_hdemo_sk as returning_hdemo,
        wr_returning_addr_sk as returning_addr,
        wr_refunded_customer_sk as refunded_customer,
        wr_refunded_cdemo_sk as refunded_cdemo,
        wr_refunded_hdemo_sk as refunded_hdemo,
        wr_refunded_addr_sk as refunded_addr,
        wr_web_page_sk as web_page,
        wr_reason_sk as reason,
        wr_returned_date_sk as returned_date_sk,
        wr_returned_time_sk as returned_time,
        wr_return_quantity as quantity,
        wr_return_amt as amount,
        wr_return_tax as tax,
        wr_return_amt_inc_tax as amount_inc_tax,
        wr_fee as fee,
        wr_return_ship_cost as ship_cost,
        wr_refunded_cash as cash,
        wr_reversed_charge as charge,
        wr_account_credit as credit,
        wr_net_loss as net_loss
    from bronze.ops__web_returns
),

returned as (
    select landed.*, days.d_date as returned_date
    from landed
    left join calendar as days on returned_date_sk = days.d_date_sk
    where
        order_number is not null
        and item is not null
        and path_date(_file_name) is not null
        and covered(days.d_date)
    qualify row_number() over (
        partition by channel, order_number, item
        order by path_date(_file_name) desc, _file_name desc, _file_row_number desc, _loaded_at desc
    ) = 1
)

select
    md5('ops' || chr(31) || returned.channel || chr(31) || returned.order_number || chr(31) || item) as sales_line_key,
    'ops' as source_name,
    returned.channel,
    returned.order_number::varchar as order_id,
    item::varchar as line_id,

    day_key(returned_date) as returned_date_key,
    second_key(returned_time) as returned_time_key,
    coalesce(products.product_key, '-1') as product_key,
    coalesce(returning_customers.customer_key, '-1') as returning_customer_key,
    coalesce(returning_people.customer_demographics_key, '-1') as returning_customer_demographics_key,
    coalesce(returning_households.household_demographics_key, '-1') as returning_household_demographics_key,
    coalesce(returning_addresses.address_key, '-1') as returning_address_key,
    coalesce(refunded_customers.customer_key, '-1') as refunded_customer_key,
    coalesce(refunded_people.customer_demographics_key, '-1') as refunded_customer_demographics_key,
    coalesce(refunded_households.household_demographics_key, '-1') as refunded_household_demographics_key,
    coalesce(refunded_addresses.address_key, '-1') as refunded_address_key,
    coalesce(stores.store_key, '-1') as store_key,
    coalesce(call_centers.call_center_key, '-1') as call_center_key,
    coalesce(catalog_pages.catalog_page_key, '-1') as catalog_page_key,
    coalesce(web_pages.web_page_key, '-1') as web_page_key,
    coalesce(shipping_methods.shipping_method_key, '-1') as shipping_method_key,
    coalesce(warehouses.warehouse_key, '-1') as warehouse_key,
    coalesce(return_reasons.return_reason_key, '-1') as return_reason_key,

    coalesce(sold.sold_date_key, -1) as sold_date_key,
    coalesce(sold.customer_key, '-1') as buying_customer_key,

    coalesce(products.product_id, 'unknown') as product_id,
    coalesce(returning_customers.customer_id, 'unknown') as returning_customer_id,
    coalesce(refunded_customers.customer_id, 'unknown') as refunded_customer_id,
    coalesce(stores.store_id, 'unknown') as store_id,
    coalesce(warehouses.warehouse_id, 'unknown') as warehouse_id,
    coalesce(sold.customer_id, 'unknown') as buying_customer_id,

    item::varchar as source_product_id,
    returning_customer::varchar as source_returning_customer_id,
    returning_cdemo::varchar as source_returning_customer_demographics_id,
    returning_hdemo::varchar as source_returning_household_demographics_id,
    returning_addr::varchar as source_returning_address_id,
    refunded_customer::varchar as source_refunded_customer_id,
    refunded_cdemo::varchar as source_refunded_customer_demographics_id,
    refunded_hdemo::varchar as source_refunded_household_demographics_id,
    refunded_addr::varchar as source_refunded_address_id,
    store::varchar as source_store_id,
    call_center::varchar as source_call_center_id,
    catalog_page::varchar as source_catalog_page_id,
    web_page::varchar as source_web_page_id,
    ship_mode::varchar as source_shipping_method_id,
    warehouse::varchar as source_warehouse_id,
    reason::varchar as source_return_reason_id,
    returned_date_sk::varchar as source_returned_date_id,
    returned_time::varchar as source_returned_time_id,

    returned_date,
    returned_time as returned_second_of_day,
    sold.sold_date,

    returned.quantity as return_quantity,
    amount::decimal(18, 2) as return_amount,
    tax::decimal(18, 2) as return_tax_amount,
    amount_inc_tax::decimal(18, 2) as return_amount_including_tax,
    fee::decimal(18, 2) as fee_amount,
    ship_cost::decimal(18, 2) as return_shipping_cost_amount,
    cash::decimal(18, 2) as refunded_cash_amount,
    charge::decimal(18, 2) as reversed_charge_amount,
    credit::decimal(18, 2) as store_credit_amount,
    net_loss::decimal(18, 2) as net_loss_amount,

    sold.sales_line_key is not null as has_sold_line
from returned
left join by_hand.fct_sales as sold
    on sold.sales_line_key = md5('ops' || chr(31) || returned.channel || chr(31) || returned.order_number || chr(31) || item)
left join by_hand.dim_products_history as products on item = products.source_product_id::bigint
left join by_hand.dim_customers_history as returning_customers
    on
        returning_customer = returning_customers.source_customer_id::bigint
        and returning_customers.valid_from <= held_moment(returned_date, returned_time)
        and held_moment(returned_date, returned_time) < returning_customers.held_until
left join by_hand.dim_customer_demographics as returning_people
    on returning_cdemo = returning_people.source_customer_demographics_id::bigint
left join by_hand.dim_household_demographics as returning_households
    on returning_hdemo = returning_households.source_household_demographics_id::bigint
left join by_hand.dim_addresses as returning_addresses on returning_addr = returning_addresses.source_address_id::bigint
left join by_hand.dim_customers_history as refunded_customers
    on
        refunded_customer = refunded_customers.source_customer_id::bigint
        and refunded_customers.valid_from <= held_moment(returned_date, returned_time)
        and held_moment(returned_date, returned_time) < refunded_customers.held_until
left join by_hand.dim_customer_demographics as refunded_people on refunded_cdemo = refunded_people.source_customer_demographics_id::bigint
left join by_hand.dim_household_demographics as refunded_households
    on refunded_hdemo = refunded_households.source_household_demographics_id::bigint
left join by_hand.dim_addresses as refunded_addresses on refunded_addr = refunded_addresses.source_address_id::bigint
left join by_hand.dim_stores_history as stores on store = stores.source_store_id::bigint
left join by_hand.dim_call_centers as call_centers on call_center = call_centers.source_call_center_id::bigint
left join by_hand.dim_catalog_pages as catalog_pages on catalog_page = catalog_pages.source_catalog_page_id::bigint
left join by_hand.dim_web_pages as web_pages on web_page = web_pages.source_web_page_id::bigint
left join by_hand.dim_shipping_methods as shipping_methods on ship_mode = shipping_methods.source_shipping_method_id::bigint
left join by_hand.dim_warehouses as warehouses on warehouse = warehouses.source_warehouse_id::bigint
left join by_hand.dim_return_reasons as return_reasons on reason = return_reasons.source_return_reason_id::bigint;

-- the text of the files is read once, before repeats are looked for
create temp table counts as
select
    whole(clean(inv_item_sk)) as item,
    whole(clean(inv_warehouse_sk)) as warehouse,
    case when clean(inv_date) like '____-__-__' then try_cast(clean(inv_date) as date) end as count_date,
    whole(clean(inv_quantity_on_hand)) as quantity,
    _file_name, _file_row_number, _loaded_at
from bronze.inventory__inventory
where
    item is not null
    and warehouse is not null
    and count_date between date '1990-01-01' and date '2035-12-31'
    and (clean(inv_quantity_on_hand) is null or quantity is not null)
    and path_date(_file_name) is not null;

create temp table counts_replaced as
select counts.rowid as line
from counts
semi join (select item, warehouse, count_date from counts group by all having count(*) > 1) as again
    on counts.item = again.item and counts.warehouse = again.warehouse and counts.count_date = again.count_date
qualify row_number() over (
    partition by counts.item, counts.warehouse, counts.count_date
    order by path_date(_file_name) desc, _file_name desc, _file_row_number desc, _loaded_at desc
) > 1;

create table by_hand.fct_stock_counts as
select
    'ops' as source_name,
    item::varchar as source_product_id,
    warehouse::varchar as source_warehouse_id,
    day_key(count_date) as count_date_key,
    coalesce(products.product_key, '-1') as product_key,
    coalesce(warehouses.warehouse_key, '-1') as warehouse_key,
    coalesce(products.product_id, 'unknown') as product_id,
    coalesce(warehouses.warehouse_id, 'unknown') as warehouse_id,
    count_date,
    quantity as on_hand_quantity
from counts
anti join counts_replaced on counts.rowid = counts_replaced.line
left join by_hand.dim_products_history as products on item = products.source_product_id::bigint
left join by_hand.dim_warehouses as warehouses on warehouse = warehouses.source_warehouse_id::bigint;

drop table counts;

create table by_hand.fct_weekly_sales_inventory as
with as_of as (
    select max(path_date(_file_name)) as day
    from (
        select distinct _file_name from bronze.ops__store_sales
        union all
        select distinct _file_name from bronze.ops__catalog_sales
        union all
        select distinct _file_name from bronze.ops__web_sales
        union all
        select distinct _file_name from bronze.ops__store_returns
        union all
        select distinct _file_name from bronze.ops__catalog_returns
        union all
        select distinct _file_name from bronze.ops__web_returns
        union all
        select distinct _file_name from bronze.ops__customer
        union all
        select distinct _file_name from bronze.ops__customer_address
        union all
        select distinct _file_name from bronze.ops__customer_demographics
        union all
        select distinct _file_name from bronze.ops__household_demographics
        union all
        select distinct _file_name from bronze.ops__income_band
        union all
        select distinct _file_name from bronze.ops__item
        union all
        select distinct _file_name from bronze.ops__store
        union all
        select distinct _file_name from bronze.ops__warehouse
        union all
        select distinct _file_name from bronze.ops__promotion
        union all
        select distinct _file_name from bronze.ops__ship_mode
        union all
        select distinct _file_name from bronze.ops__reason
        union all
        select distinct _file_name from bronze.ops__call_center
        union all
        select distinct _file_name from bronze.ops__catalog_page
        union all
        select distinct _file_name from bronze.ops__web_site
        union all
        select distinct _file_name from bronze.ops__web_page
        union all
        select distinct _file_name from bronze.ops__date_dim
        union all
        select distinct _file_name from bronze.ops__time_dim
        union all
        select distinct _file_name from bronze.inventory__inventory
    )
),

sold as (
    select
        product_id,
        warehouse_key,
        sold_date - dayofweek(sold_date)::integer as week,
        sum(quantity) as quantity,
        sum(sales_amount) as amount,
        sum(net_profit_amount) as profit,
        count(*) filter (quantity is null or sales_amount is null) as incomplete
    from by_hand.fct_sales
    where sold_date is not null and product_key != '-1' and warehouse_key != '-1' and not is_cancelled
    group by all
),

-- the last known count of the week; of two versions counted on one day the later one's
counted as (
    select
        product_id,
        warehouse_key,
        count_date - dayofweek(count_date)::integer as week,
        arg_max(on_hand_quantity, (count_date, valid_from, on_hand_quantity)) filter (on_hand_quantity is not null) as on_hand
    from by_hand.fct_stock_counts
    join by_hand.dim_products_history using (product_key, product_id)
    where product_key != '-1' and warehouse_key != '-1'
    group by all
),

active as (
    select
        product_id,
        warehouse_key,
        week,
        sold.quantity,
        sold.amount,
        sold.profit,
        sold.incomplete,
        counted.on_hand
    from sold
    full join counted using (product_id, warehouse_key, week)
),

-- the weeks between in which nothing was sold or counted; most products have none
quiet as (
    select product_id, warehouse_key, week
    from (
        select product_id, warehouse_key, unnest(range(min(week), max(week), interval 7 days))::date as week
        from active
        group by all
        having count(*) < (max(week) - min(week)) // 7 + 1
    )
    anti join active using (product_id, warehouse_key, week)
),

weekly as (
    from active
    union all by name
    from quiet
)

select
    weekly.product_id,
    warehouses.warehouse_id,
    week as week_start_date,
    products.product_key,
    weekly.warehouse_key,
    coalesce(quantity, 0)::bigint as sum_qty_wk,
    coalesce(amount, 0)::decimal(18, 2) as sum_amt_wk,
    coalesce(profit, 0)::decimal(18, 2) as sum_profit_wk,
    exact_ratio(sum_qty_wk, 7) as avg_qty_dy,
    coalesce(incomplete, 0)::bigint as incomplete_lines_wk,
    on_hand as inv_on_hand_qty_wk,
    exact_ratio(on_hand, sum_qty_wk) as wks_sply,
    coalesce(sum_qty_wk > 0 and sum_qty_wk > 7 * on_hand, false) as low_stock_flg_wk,
    coalesce(week + 6 <= as_of.day, false) as is_complete_week
from weekly
join by_hand.dim_warehouses as warehouses using (warehouse_key)
left join by_hand.dim_products_history as products
    on
        weekly.product_id = products.product_id
        -- valid when the week ends: at the last moment of its Saturday
        and products.valid_from < week + 7
        and week + 7 <= products.valid_to
cross join as_of;
