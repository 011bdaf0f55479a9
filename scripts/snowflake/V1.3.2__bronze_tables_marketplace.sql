-- Bronze table of source `marketplace`: a wide CSV export of transactions. Names are those of the export's first line,
-- matched without regard to case. Every value lands as text: one that does not cast must fail in staging, where it can
-- be seen and kept, not lose its line in the pipe.
-- Variable: database.
use database {{ database }};

create table if not exists bronze.marketplace__transactions (
    -- ids come as floats, "8691788.0"; neither is unique to a sale or a person
    transaction_id varchar,
    customer_id varchar,
    name varchar,
    email varchar,
    phone varchar,
    address varchar,
    city varchar,
    state varchar,
    -- a float too: leading zeros are lost
    zipcode varchar,
    country varchar,
    age varchar,
    gender varchar,
    income varchar,
    customer_segment varchar,
    -- M/D/YYYY, not padded
    date varchar,
    -- "2023.0"
    year varchar,
    -- the month's name
    month varchar,
    -- H:MM:SS
    time varchar,
    -- units in this transaction
    total_purchases varchar,
    -- price of a unit
    amount varchar,
    -- of the transaction, unrounded
    total_amount varchar,
    product_category varchar,
    product_brand varchar,
    product_type varchar,
    feedback varchar,
    shipping_method varchar,
    payment_method varchar,
    order_status varchar,
    -- 1 to 5
    ratings varchar,
    -- the name of the one product sold
    products varchar,
    _file_name varchar,
    _file_row_number number(38, 0),
    _file_content_key varchar,
    _file_last_modified timestamp_ntz,
    _loaded_at timestamp_ntz
)
comment = 'A transaction as the marketplace exports it; only rows equal in every column are repeats';
