-- Bronze tables of source `shop`, the online shop. Names are those of the files' first lines, matched without regard to
-- case. Every value lands as text: one that does not cast must fail in staging, where it can be seen and kept, not lose
-- its line in the pipe.
-- Variable: database.
use database {{ database }};

create table if not exists bronze.shop__customers (
    customer_id varchar,
    first_name varchar,
    last_name varchar,
    company_name varchar,
    email varchar,
    phone varchar,
    address_line_1 varchar,
    address_line_2 varchar,
    city varchar,
    state varchar,
    postal_code varchar,
    country varchar,
    territory varchar,
    registration_date varchar,
    -- when the shop made the change, UTC
    updated_at varchar,
    -- I insert, U update, D delete
    op varchar,
    _file_name varchar,
    _file_row_number number(38, 0),
    _file_content_key varchar,
    _file_last_modified timestamp_ntz,
    _loaded_at timestamp_ntz
)
comment = 'A change of a customer as the shop sends it: every change is a row, with the whole customer';

create table if not exists bronze.shop__products (
    product_id varchar,
    product_name varchar,
    category varchar,
    price varchar,
    stock_quantity varchar,
    -- when the shop made the change, UTC
    updated_at varchar,
    _file_name varchar,
    _file_row_number number(38, 0),
    _file_content_key varchar,
    _file_last_modified timestamp_ntz,
    _loaded_at timestamp_ntz
)
comment = 'A change of a product as the shop sends it: every change is a row, with the whole product';

create table if not exists bronze.shop__orders (
    order_id varchar,
    line_number varchar,
    customer_id varchar,
    product_id varchar,
    -- when the order was placed, UTC
    ordered_at varchar,
    -- negative where the line was cancelled
    quantity varchar,
    unit_price varchar,
    total_amount varchar,
    _file_name varchar,
    _file_row_number number(38, 0),
    _file_content_key varchar,
    _file_last_modified timestamp_ntz,
    _loaded_at timestamp_ntz
)
comment = 'A line of an order as the shop sends it; a line that comes again replaces the earlier one';
