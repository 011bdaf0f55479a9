-- The tables of TPC-DS rebuilt from gold alone: which gold column holds which column of the standard.
-- A foreign key is taken from the member that gold's key points to, never from the source_ columns of the facts, so that a key that
-- does not resolve is seen as a null. Left out, since gold does not have them and no question of the standard uses them:
-- d_date_id, t_time_id (the key as text), d_first_dom, d_last_dom, d_same_day_ly, d_same_day_lq, d_current_* (constants of the generator).
-- Runs on DuckDB with the warehouse as the current database; the tables come into memory.rebuilt.
create schema memory.rebuilt;

create temp macro yes_no(flag) as case flag when true then 'Y' when false then 'N' end;

-- The standard's key of a day is its Julian day number. Not looked up in dim_dates: a web site may have closed before its first day.
create temp macro date_id(day) as 2415022 + (day - date '1900-01-02');

create table memory.rebuilt.date_dim as
select
    cast(source_date_id as bigint) as d_date_sk,
    date_day as d_date,
    source_month_sequence as d_month_seq,
    source_week_sequence as d_week_seq,
    source_quarter_sequence as d_quarter_seq,
    year_number as d_year,
    iso_day_of_week_number % 7 as d_dow,
    month_number as d_moy,
    day_of_month as d_dom,
    -- the generator counts 1 April, 1 July and 1 October of most years to the quarter before; gold's quarter_number does not
    source_quarter_number as d_qoy,
    source_fiscal_year as d_fy_year,
    source_fiscal_quarter_sequence as d_fy_quarter_seq,
    source_fiscal_week_sequence as d_fy_week_seq,
    day_name as d_day_name,
    source_quarter_name as d_quarter_name,
    yes_no(is_source_holiday) as d_holiday,
    yes_no(is_source_weekend) as d_weekend,
    yes_no(is_source_after_holiday) as d_following_holiday
from gold.dim_dates
where not is_unknown;

create table memory.rebuilt.time_dim as
select
    time_key as t_time_sk,
    time_key as t_time,
    hour_number as t_hour,
    minute_number as t_minute,
    second_number as t_second,
    am_pm as t_am_pm,
    shift_name as t_shift,
    sub_shift_name as t_sub_shift,
    meal_time as t_meal_time
from gold.dim_times
where not is_unknown;

create table memory.rebuilt.item as
select
    cast(source_product_id as bigint) as i_item_sk,
    source_durable_product_id as i_item_id,
    version_start_date as i_rec_start_date,
    version_end_date as i_rec_end_date,
    product_description as i_item_desc,
    current_price as i_current_price,
    wholesale_cost as i_wholesale_cost,
    source_brand_id as i_brand_id,
    brand_name as i_brand,
    source_class_id as i_class_id,
    class_name as i_class,
    source_category_id as i_category_id,
    category_name as i_category,
    source_manufacturer_id as i_manufact_id,
    manufacturer_name as i_manufact,
    size_name as i_size,
    formulation as i_formulation,
    color as i_color,
    unit_of_measure as i_units,
    container as i_container,
    source_manager_id as i_manager_id,
    product_name as i_product_name
from gold.dim_products_history
where source_name = 'ops';

create table memory.rebuilt.customer as
select
    cast(source_customer_id as bigint) as c_customer_sk,
    customer_code as c_customer_id,
    cast(source_current_customer_demographics_id as bigint) as c_current_cdemo_sk,
    cast(source_current_household_demographics_id as bigint) as c_current_hdemo_sk,
    cast(source_current_address_id as bigint) as c_current_addr_sk,
    date_id(first_shipto_date) as c_first_shipto_date_sk,
    date_id(first_sales_date) as c_first_sales_date_sk,
    salutation as c_salutation,
    first_name as c_first_name,
    last_name as c_last_name,
    yes_no(is_preferred_customer) as c_preferred_cust_flag,
    birth_day as c_birth_day,
    birth_month as c_birth_month,
    birth_year as c_birth_year,
    birth_country as c_birth_country,
    login as c_login,
    email as c_email_address,
    date_id(last_review_date) as c_last_review_date_sk
from gold.dim_customers
where source_name = 'ops';

create table memory.rebuilt.customer_address as
select
    cast(source_address_id as bigint) as ca_address_sk,
    address_code as ca_address_id,
    street_number as ca_street_number,
    street_name as ca_street_name,
    street_type as ca_street_type,
    suite_number as ca_suite_number,
    city as ca_city,
    county as ca_county,
    state as ca_state,
    postal_code as ca_zip,
    country as ca_country,
    gmt_offset_hours as ca_gmt_offset,
    location_type as ca_location_type
from gold.dim_addresses
where source_name = 'ops';

create table memory.rebuilt.customer_demographics as
select
    cast(source_customer_demographics_id as bigint) as cd_demo_sk,
    gender as cd_gender,
    marital_status as cd_marital_status,
    education_status as cd_education_status,
    purchase_estimate_amount as cd_purchase_estimate,
    credit_rating as cd_credit_rating,
    dependent_count as cd_dep_count,
    employed_dependent_count as cd_dep_employed_count,
    college_dependent_count as cd_dep_college_count
from gold.dim_customer_demographics
where source_name = 'ops';

create table memory.rebuilt.household_demographics as
select
    cast(source_household_demographics_id as bigint) as hd_demo_sk,
    cast(source_income_band_id as bigint) as hd_income_band_sk,
    buy_potential as hd_buy_potential,
    household_dependent_count as hd_dep_count,
    household_vehicle_count as hd_vehicle_count
from gold.dim_household_demographics
where source_name = 'ops';

-- an income band is an attribute of the household
create table memory.rebuilt.income_band as
select distinct
    cast(source_income_band_id as bigint) as ib_income_band_sk,
    income_lower_bound_amount as ib_lower_bound,
    income_upper_bound_amount as ib_upper_bound
from gold.dim_household_demographics
where source_name = 'ops' and source_income_band_id is not null;

create table memory.rebuilt.store as
select
    cast(source_store_id as bigint) as s_store_sk,
    store_code as s_store_id,
    version_start_date as s_rec_start_date,
    version_end_date as s_rec_end_date,
    date_id(closed_date) as s_closed_date_sk,
    store_name as s_store_name,
    employee_count as s_number_employees,
    floor_space_square_feet as s_floor_space,
    opening_hours as s_hours,
    manager_name as s_manager,
    cast(source_market_id as bigint) as s_market_id,
    geography_class as s_geography_class,
    market_description as s_market_desc,
    market_manager_name as s_market_manager,
    cast(source_division_id as bigint) as s_division_id,
    division_name as s_division_name,
    cast(source_company_id as bigint) as s_company_id,
    company_name as s_company_name,
    street_number as s_street_number,
    street_name as s_street_name,
    street_type as s_street_type,
    suite_number as s_suite_number,
    city as s_city,
    county as s_county,
    state as s_state,
    postal_code as s_zip,
    country as s_country,
    gmt_offset_hours as s_gmt_offset,
    tax_rate as s_tax_percentage
from gold.dim_stores_history
where source_name = 'ops';

create table memory.rebuilt.warehouse as
select
    cast(source_warehouse_id as bigint) as w_warehouse_sk,
    warehouse_code as w_warehouse_id,
    warehouse_name as w_warehouse_name,
    warehouse_square_feet as w_warehouse_sq_ft,
    street_number as w_street_number,
    street_name as w_street_name,
    street_type as w_street_type,
    suite_number as w_suite_number,
    city as w_city,
    county as w_county,
    state as w_state,
    postal_code as w_zip,
    country as w_country,
    gmt_offset_hours as w_gmt_offset
from gold.dim_warehouses
where source_name = 'ops';

create table memory.rebuilt.promotion as
select
    cast(source_promotion_id as bigint) as p_promo_sk,
    promotion_code as p_promo_id,
    date_id(start_date) as p_start_date_sk,
    date_id(end_date) as p_end_date_sk,
    cast(source_item_id as bigint) as p_item_sk,
    promotion_cost_amount as p_cost,
    response_target as p_response_target,
    promotion_name as p_promo_name,
    yes_no(is_direct_mail) as p_channel_dmail,
    yes_no(is_email) as p_channel_email,
    yes_no(is_catalog) as p_channel_catalog,
    yes_no(is_tv) as p_channel_tv,
    yes_no(is_radio) as p_channel_radio,
    yes_no(is_press) as p_channel_press,
    yes_no(is_event) as p_channel_event,
    yes_no(is_demo) as p_channel_demo,
    channel_details as p_channel_details,
    purpose as p_purpose,
    yes_no(is_discount_active) as p_discount_active
from gold.dim_promotions
where source_name = 'ops';

create table memory.rebuilt.ship_mode as
select
    cast(source_shipping_method_id as bigint) as sm_ship_mode_sk,
    ship_mode_code as sm_ship_mode_id,
    ship_mode_type as sm_type,
    ship_mode_means as sm_code,
    carrier_name as sm_carrier,
    contract_code as sm_contract
from gold.dim_shipping_methods
where source_name = 'ops';

create table memory.rebuilt.reason as
select
    cast(source_return_reason_id as bigint) as r_reason_sk,
    reason_code as r_reason_id,
    reason_description as r_reason_desc
from gold.dim_return_reasons
where source_name = 'ops';

create table memory.rebuilt.call_center as
select
    cast(source_call_center_id as bigint) as cc_call_center_sk,
    call_center_code as cc_call_center_id,
    version_start_date as cc_rec_start_date,
    version_end_date as cc_rec_end_date,
    date_id(closed_date) as cc_closed_date_sk,
    date_id(opened_date) as cc_open_date_sk,
    call_center_name as cc_name,
    call_center_class as cc_class,
    employee_count as cc_employees,
    floor_space_square_feet as cc_sq_ft,
    opening_hours as cc_hours,
    manager_name as cc_manager,
    cast(source_market_id as bigint) as cc_mkt_id,
    market_class as cc_mkt_class,
    market_description as cc_mkt_desc,
    market_manager_name as cc_market_manager,
    cast(source_division_id as bigint) as cc_division,
    division_name as cc_division_name,
    cast(source_company_id as bigint) as cc_company,
    company_name as cc_company_name,
    street_number as cc_street_number,
    street_name as cc_street_name,
    street_type as cc_street_type,
    suite_number as cc_suite_number,
    city as cc_city,
    county as cc_county,
    state as cc_state,
    postal_code as cc_zip,
    country as cc_country,
    gmt_offset_hours as cc_gmt_offset,
    tax_rate as cc_tax_percentage
from gold.dim_call_centers
where source_name = 'ops';

create table memory.rebuilt.catalog_page as
select
    cast(source_catalog_page_id as bigint) as cp_catalog_page_sk,
    catalog_page_code as cp_catalog_page_id,
    date_id(start_date) as cp_start_date_sk,
    date_id(end_date) as cp_end_date_sk,
    department as cp_department,
    catalog_number as cp_catalog_number,
    page_number as cp_catalog_page_number,
    page_description as cp_description,
    catalog_type as cp_type
from gold.dim_catalog_pages
where source_name = 'ops';

create table memory.rebuilt.web_site as
select
    cast(source_web_site_id as bigint) as web_site_sk,
    web_site_code as web_site_id,
    version_start_date as web_rec_start_date,
    version_end_date as web_rec_end_date,
    web_site_name as web_name,
    date_id(opened_date) as web_open_date_sk,
    date_id(closed_date) as web_close_date_sk,
    web_site_class as web_class,
    manager_name as web_manager,
    cast(source_market_id as bigint) as web_mkt_id,
    market_class as web_mkt_class,
    market_description as web_mkt_desc,
    market_manager_name as web_market_manager,
    cast(source_company_id as bigint) as web_company_id,
    company_name as web_company_name,
    street_number as web_street_number,
    street_name as web_street_name,
    street_type as web_street_type,
    suite_number as web_suite_number,
    city as web_city,
    county as web_county,
    state as web_state,
    postal_code as web_zip,
    country as web_country,
    gmt_offset_hours as web_gmt_offset,
    tax_rate as web_tax_percentage
from gold.dim_web_sites
where source_name = 'ops';

create table memory.rebuilt.web_page as
select
    cast(source_web_page_id as bigint) as wp_web_page_sk,
    web_page_code as wp_web_page_id,
    version_start_date as wp_rec_start_date,
    version_end_date as wp_rec_end_date,
    date_id(creation_date) as wp_creation_date_sk,
    date_id(access_date) as wp_access_date_sk,
    yes_no(is_generated) as wp_autogen_flag,
    cast(source_customer_id as bigint) as wp_customer_sk,
    url as wp_url,
    web_page_type as wp_type,
    character_count as wp_char_count,
    link_count as wp_link_count,
    image_count as wp_image_count,
    maximum_ad_count as wp_max_ad_count
from gold.dim_web_pages
where source_name = 'ops';

create table memory.rebuilt.inventory as
select
    cast(dates.source_date_id as bigint) as inv_date_sk,
    cast(products.source_product_id as bigint) as inv_item_sk,
    cast(warehouses.source_warehouse_id as bigint) as inv_warehouse_sk,
    counts.on_hand_quantity as inv_quantity_on_hand
from gold.fct_stock_counts as counts
inner join gold.dim_dates as dates
    on counts.count_date_key = dates.date_key
inner join gold.dim_products_history as products
    on counts.product_key = products.product_key
inner join gold.dim_warehouses as warehouses
    on counts.warehouse_key = warehouses.warehouse_key
where counts.source_name = 'ops';

-- every line with the source's own identifiers of the members that its keys point to
create temp table sales_lines as
select
    lines.*,
    cast(product_members.source_product_id as bigint) as product_id_of_key,
    cast(customer_members.source_customer_id as bigint) as customer_id_of_key,
    cast(customer_demographics_members.source_customer_demographics_id as bigint) as customer_demographics_id_of_key,
    cast(household_demographics_members.source_household_demographics_id as bigint) as household_demographics_id_of_key,
    cast(address_members.source_address_id as bigint) as address_id_of_key,
    cast(ship_customer_members.source_customer_id as bigint) as ship_customer_id_of_key,
    cast(ship_customer_demographics_members.source_customer_demographics_id as bigint) as ship_customer_demographics_id_of_key,
    cast(ship_household_demographics_members.source_household_demographics_id as bigint) as ship_household_demographics_id_of_key,
    cast(ship_address_members.source_address_id as bigint) as ship_address_id_of_key,
    cast(store_members.source_store_id as bigint) as store_id_of_key,
    cast(call_center_members.source_call_center_id as bigint) as call_center_id_of_key,
    cast(catalog_page_members.source_catalog_page_id as bigint) as catalog_page_id_of_key,
    cast(web_site_members.source_web_site_id as bigint) as web_site_id_of_key,
    cast(web_page_members.source_web_page_id as bigint) as web_page_id_of_key,
    cast(shipping_method_members.source_shipping_method_id as bigint) as shipping_method_id_of_key,
    cast(warehouse_members.source_warehouse_id as bigint) as warehouse_id_of_key,
    cast(promotion_members.source_promotion_id as bigint) as promotion_id_of_key,
    cast(sold_dates.source_date_id as bigint) as sold_date_id_of_key,
    cast(ship_dates.source_date_id as bigint) as ship_date_id_of_key,
    case when not sold_times.is_unknown then sold_times.time_key end as sold_time_id_of_key
from gold.fct_sales as lines
inner join gold.dim_products_history as product_members
    on lines.product_key = product_members.product_key
inner join gold.dim_customers_history as customer_members
    on lines.customer_key = customer_members.customer_key
inner join gold.dim_customer_demographics as customer_demographics_members
    on lines.customer_demographics_key = customer_demographics_members.customer_demographics_key
inner join gold.dim_household_demographics as household_demographics_members
    on lines.household_demographics_key = household_demographics_members.household_demographics_key
inner join gold.dim_addresses as address_members
    on lines.address_key = address_members.address_key
inner join gold.dim_customers_history as ship_customer_members
    on lines.ship_customer_key = ship_customer_members.customer_key
inner join gold.dim_customer_demographics as ship_customer_demographics_members
    on lines.ship_customer_demographics_key = ship_customer_demographics_members.customer_demographics_key
inner join gold.dim_household_demographics as ship_household_demographics_members
    on lines.ship_household_demographics_key = ship_household_demographics_members.household_demographics_key
inner join gold.dim_addresses as ship_address_members
    on lines.ship_address_key = ship_address_members.address_key
inner join gold.dim_stores_history as store_members
    on lines.store_key = store_members.store_key
inner join gold.dim_call_centers as call_center_members
    on lines.call_center_key = call_center_members.call_center_key
inner join gold.dim_catalog_pages as catalog_page_members
    on lines.catalog_page_key = catalog_page_members.catalog_page_key
inner join gold.dim_web_sites as web_site_members
    on lines.web_site_key = web_site_members.web_site_key
inner join gold.dim_web_pages as web_page_members
    on lines.web_page_key = web_page_members.web_page_key
inner join gold.dim_shipping_methods as shipping_method_members
    on lines.shipping_method_key = shipping_method_members.shipping_method_key
inner join gold.dim_warehouses as warehouse_members
    on lines.warehouse_key = warehouse_members.warehouse_key
inner join gold.dim_promotions as promotion_members
    on lines.promotion_key = promotion_members.promotion_key
inner join gold.dim_dates as sold_dates
    on lines.sold_date_key = sold_dates.date_key
inner join gold.dim_dates as ship_dates
    on lines.ship_date_key = ship_dates.date_key
inner join gold.dim_times as sold_times
    on lines.sold_time_key = sold_times.time_key
where lines.source_name = 'ops';

-- every line with the source's own identifiers of the members that its keys point to
create temp table return_lines as
select
    lines.*,
    cast(product_members.source_product_id as bigint) as product_id_of_key,
    cast(returning_customer_members.source_customer_id as bigint) as returning_customer_id_of_key,
    cast(returning_customer_demographics_members.source_customer_demographics_id as bigint) as returning_customer_demographics_id_of_key,
    cast(returning_household_demographics_members.source_household_demographics_id as bigint) as returning_household_demographics_id_of_key,
    cast(returning_address_members.source_address_id as bigint) as returning_address_id_of_key,
    cast(refunded_customer_members.source_customer_id as bigint) as refunded_customer_id_of_key,
    cast(refunded_customer_demographics_members.source_customer_demographics_id as bigint) as refunded_customer_demographics_id_of_key,
    cast(refunded_household_demographics_members.source_household_demographics_id as bigint) as refunded_household_demographics_id_of_key,
    cast(refunded_address_members.source_address_id as bigint) as refunded_address_id_of_key,
    cast(store_members.source_store_id as bigint) as store_id_of_key,
    cast(call_center_members.source_call_center_id as bigint) as call_center_id_of_key,
    cast(catalog_page_members.source_catalog_page_id as bigint) as catalog_page_id_of_key,
    cast(web_page_members.source_web_page_id as bigint) as web_page_id_of_key,
    cast(shipping_method_members.source_shipping_method_id as bigint) as shipping_method_id_of_key,
    cast(warehouse_members.source_warehouse_id as bigint) as warehouse_id_of_key,
    cast(return_reason_members.source_return_reason_id as bigint) as return_reason_id_of_key,
    cast(returned_dates.source_date_id as bigint) as returned_date_id_of_key,
    case when not returned_times.is_unknown then returned_times.time_key end as returned_time_id_of_key
from gold.fct_returns as lines
inner join gold.dim_products_history as product_members
    on lines.product_key = product_members.product_key
inner join gold.dim_customers_history as returning_customer_members
    on lines.returning_customer_key = returning_customer_members.customer_key
inner join gold.dim_customer_demographics as returning_customer_demographics_members
    on lines.returning_customer_demographics_key = returning_customer_demographics_members.customer_demographics_key
inner join gold.dim_household_demographics as returning_household_demographics_members
    on lines.returning_household_demographics_key = returning_household_demographics_members.household_demographics_key
inner join gold.dim_addresses as returning_address_members
    on lines.returning_address_key = returning_address_members.address_key
inner join gold.dim_customers_history as refunded_customer_members
    on lines.refunded_customer_key = refunded_customer_members.customer_key
inner join gold.dim_customer_demographics as refunded_customer_demographics_members
    on lines.refunded_customer_demographics_key = refunded_customer_demographics_members.customer_demographics_key
inner join gold.dim_household_demographics as refunded_household_demographics_members
    on lines.refunded_household_demographics_key = refunded_household_demographics_members.household_demographics_key
inner join gold.dim_addresses as refunded_address_members
    on lines.refunded_address_key = refunded_address_members.address_key
inner join gold.dim_stores_history as store_members
    on lines.store_key = store_members.store_key
inner join gold.dim_call_centers as call_center_members
    on lines.call_center_key = call_center_members.call_center_key
inner join gold.dim_catalog_pages as catalog_page_members
    on lines.catalog_page_key = catalog_page_members.catalog_page_key
inner join gold.dim_web_pages as web_page_members
    on lines.web_page_key = web_page_members.web_page_key
inner join gold.dim_shipping_methods as shipping_method_members
    on lines.shipping_method_key = shipping_method_members.shipping_method_key
inner join gold.dim_warehouses as warehouse_members
    on lines.warehouse_key = warehouse_members.warehouse_key
inner join gold.dim_return_reasons as return_reason_members
    on lines.return_reason_key = return_reason_members.return_reason_key
inner join gold.dim_dates as returned_dates
    on lines.returned_date_key = returned_dates.date_key
inner join gold.dim_times as returned_times
    on lines.returned_time_key = returned_times.time_key
where lines.source_name = 'ops';

create table memory.rebuilt.store_sales as
select
    sold_date_id_of_key as ss_sold_date_sk,
    sold_time_id_of_key as ss_sold_time_sk,
    product_id_of_key as ss_item_sk,
    customer_id_of_key as ss_customer_sk,
    customer_demographics_id_of_key as ss_cdemo_sk,
    household_demographics_id_of_key as ss_hdemo_sk,
    address_id_of_key as ss_addr_sk,
    store_id_of_key as ss_store_sk,
    promotion_id_of_key as ss_promo_sk,
    cast(order_id as bigint) as ss_ticket_number,
    quantity as ss_quantity,
    unit_wholesale_cost as ss_wholesale_cost,
    unit_list_price as ss_list_price,
    unit_sales_price as ss_sales_price,
    extended_discount_amount as ss_ext_discount_amt,
    extended_sales_amount as ss_ext_sales_price,
    extended_wholesale_cost_amount as ss_ext_wholesale_cost,
    extended_list_amount as ss_ext_list_price,
    tax_amount as ss_ext_tax,
    coupon_amount as ss_coupon_amt,
    net_paid_amount as ss_net_paid,
    net_paid_including_tax_amount as ss_net_paid_inc_tax,
    net_profit_amount as ss_net_profit
from sales_lines
where channel = 'store';

create table memory.rebuilt.catalog_sales as
select
    sold_date_id_of_key as cs_sold_date_sk,
    sold_time_id_of_key as cs_sold_time_sk,
    ship_date_id_of_key as cs_ship_date_sk,
    customer_id_of_key as cs_bill_customer_sk,
    customer_demographics_id_of_key as cs_bill_cdemo_sk,
    household_demographics_id_of_key as cs_bill_hdemo_sk,
    address_id_of_key as cs_bill_addr_sk,
    ship_customer_id_of_key as cs_ship_customer_sk,
    ship_customer_demographics_id_of_key as cs_ship_cdemo_sk,
    ship_household_demographics_id_of_key as cs_ship_hdemo_sk,
    ship_address_id_of_key as cs_ship_addr_sk,
    call_center_id_of_key as cs_call_center_sk,
    catalog_page_id_of_key as cs_catalog_page_sk,
    shipping_method_id_of_key as cs_ship_mode_sk,
    warehouse_id_of_key as cs_warehouse_sk,
    product_id_of_key as cs_item_sk,
    promotion_id_of_key as cs_promo_sk,
    cast(order_id as bigint) as cs_order_number,
    quantity as cs_quantity,
    unit_wholesale_cost as cs_wholesale_cost,
    unit_list_price as cs_list_price,
    unit_sales_price as cs_sales_price,
    extended_discount_amount as cs_ext_discount_amt,
    extended_sales_amount as cs_ext_sales_price,
    extended_wholesale_cost_amount as cs_ext_wholesale_cost,
    extended_list_amount as cs_ext_list_price,
    tax_amount as cs_ext_tax,
    coupon_amount as cs_coupon_amt,
    shipping_cost_amount as cs_ext_ship_cost,
    net_paid_amount as cs_net_paid,
    net_paid_including_tax_amount as cs_net_paid_inc_tax,
    net_paid_including_shipping_amount as cs_net_paid_inc_ship,
    net_paid_including_shipping_and_tax_amount as cs_net_paid_inc_ship_tax,
    net_profit_amount as cs_net_profit
from sales_lines
where channel = 'catalog';

create table memory.rebuilt.web_sales as
select
    sold_date_id_of_key as ws_sold_date_sk,
    sold_time_id_of_key as ws_sold_time_sk,
    ship_date_id_of_key as ws_ship_date_sk,
    product_id_of_key as ws_item_sk,
    customer_id_of_key as ws_bill_customer_sk,
    customer_demographics_id_of_key as ws_bill_cdemo_sk,
    household_demographics_id_of_key as ws_bill_hdemo_sk,
    address_id_of_key as ws_bill_addr_sk,
    ship_customer_id_of_key as ws_ship_customer_sk,
    ship_customer_demographics_id_of_key as ws_ship_cdemo_sk,
    ship_household_demographics_id_of_key as ws_ship_hdemo_sk,
    ship_address_id_of_key as ws_ship_addr_sk,
    web_page_id_of_key as ws_web_page_sk,
    web_site_id_of_key as ws_web_site_sk,
    shipping_method_id_of_key as ws_ship_mode_sk,
    warehouse_id_of_key as ws_warehouse_sk,
    promotion_id_of_key as ws_promo_sk,
    cast(order_id as bigint) as ws_order_number,
    quantity as ws_quantity,
    unit_wholesale_cost as ws_wholesale_cost,
    unit_list_price as ws_list_price,
    unit_sales_price as ws_sales_price,
    extended_discount_amount as ws_ext_discount_amt,
    extended_sales_amount as ws_ext_sales_price,
    extended_wholesale_cost_amount as ws_ext_wholesale_cost,
    extended_list_amount as ws_ext_list_price,
    tax_amount as ws_ext_tax,
    coupon_amount as ws_coupon_amt,
    shipping_cost_amount as ws_ext_ship_cost,
    net_paid_amount as ws_net_paid,
    net_paid_including_tax_amount as ws_net_paid_inc_tax,
    net_paid_including_shipping_amount as ws_net_paid_inc_ship,
    net_paid_including_shipping_and_tax_amount as ws_net_paid_inc_ship_tax,
    net_profit_amount as ws_net_profit
from sales_lines
where channel = 'web';

create table memory.rebuilt.store_returns as
select
    returned_date_id_of_key as sr_returned_date_sk,
    returned_time_id_of_key as sr_return_time_sk,
    product_id_of_key as sr_item_sk,
    returning_customer_id_of_key as sr_customer_sk,
    returning_customer_demographics_id_of_key as sr_cdemo_sk,
    returning_household_demographics_id_of_key as sr_hdemo_sk,
    returning_address_id_of_key as sr_addr_sk,
    store_id_of_key as sr_store_sk,
    return_reason_id_of_key as sr_reason_sk,
    cast(order_id as bigint) as sr_ticket_number,
    return_quantity as sr_return_quantity,
    return_amount as sr_return_amt,
    return_tax_amount as sr_return_tax,
    return_amount_including_tax as sr_return_amt_inc_tax,
    fee_amount as sr_fee,
    return_shipping_cost_amount as sr_return_ship_cost,
    refunded_cash_amount as sr_refunded_cash,
    reversed_charge_amount as sr_reversed_charge,
    store_credit_amount as sr_store_credit,
    net_loss_amount as sr_net_loss
from return_lines
where channel = 'store';

create table memory.rebuilt.catalog_returns as
select
    returned_date_id_of_key as cr_returned_date_sk,
    returned_time_id_of_key as cr_returned_time_sk,
    product_id_of_key as cr_item_sk,
    refunded_customer_id_of_key as cr_refunded_customer_sk,
    refunded_customer_demographics_id_of_key as cr_refunded_cdemo_sk,
    refunded_household_demographics_id_of_key as cr_refunded_hdemo_sk,
    refunded_address_id_of_key as cr_refunded_addr_sk,
    returning_customer_id_of_key as cr_returning_customer_sk,
    returning_customer_demographics_id_of_key as cr_returning_cdemo_sk,
    returning_household_demographics_id_of_key as cr_returning_hdemo_sk,
    returning_address_id_of_key as cr_returning_addr_sk,
    call_center_id_of_key as cr_call_center_sk,
    catalog_page_id_of_key as cr_catalog_page_sk,
    shipping_method_id_of_key as cr_ship_mode_sk,
    warehouse_id_of_key as cr_warehouse_sk,
    return_reason_id_of_key as cr_reason_sk,
    cast(order_id as bigint) as cr_order_number,
    return_quantity as cr_return_quantity,
    return_amount as cr_return_amount,
    return_tax_amount as cr_return_tax,
    return_amount_including_tax as cr_return_amt_inc_tax,
    fee_amount as cr_fee,
    return_shipping_cost_amount as cr_return_ship_cost,
    refunded_cash_amount as cr_refunded_cash,
    reversed_charge_amount as cr_reversed_charge,
    store_credit_amount as cr_store_credit,
    net_loss_amount as cr_net_loss
from return_lines
where channel = 'catalog';

create table memory.rebuilt.web_returns as
select
    returned_date_id_of_key as wr_returned_date_sk,
    returned_time_id_of_key as wr_returned_time_sk,
    product_id_of_key as wr_item_sk,
    refunded_customer_id_of_key as wr_refunded_customer_sk,
    refunded_customer_demographics_id_of_key as wr_refunded_cdemo_sk,
    refunded_household_demographics_id_of_key as wr_refunded_hdemo_sk,
    refunded_address_id_of_key as wr_refunded_addr_sk,
    returning_customer_id_of_key as wr_returning_customer_sk,
    returning_customer_demographics_id_of_key as wr_returning_cdemo_sk,
    returning_household_demographics_id_of_key as wr_returning_hdemo_sk,
    returning_address_id_of_key as wr_returning_addr_sk,
    web_page_id_of_key as wr_web_page_sk,
    return_reason_id_of_key as wr_reason_sk,
    cast(order_id as bigint) as wr_order_number,
    return_quantity as wr_return_quantity,
    return_amount as wr_return_amt,
    return_tax_amount as wr_return_tax,
    return_amount_including_tax as wr_return_amt_inc_tax,
    fee_amount as wr_fee,
    return_shipping_cost_amount as wr_return_ship_cost,
    refunded_cash_amount as wr_refunded_cash,
    reversed_charge_amount as wr_reversed_charge,
    store_credit_amount as wr_account_credit,
    net_loss_amount as wr_net_loss
from return_lines
where channel = 'web';
