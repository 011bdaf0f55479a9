-- Bronze table of source `inventory`: weekly stock counts, dropped as CSV files. Every value lands as text: one that
-- does not cast must fail in staging, where it can be seen and kept, not lose its line in the pipe.
-- Variable: database.
use database {{ database }};

create table if not exists bronze.inventory__inventory (
    -- a business date, YYYY-MM-DD
    inv_date varchar,
    inv_item_sk varchar,
    inv_warehouse_sk varchar,
    -- units
    inv_quantity_on_hand varchar,
    _file_name varchar,
    _file_row_number number(38, 0),
    _file_content_key varchar,
    _file_last_modified timestamp_ntz,
    _loaded_at timestamp_ntz
)
comment = 'A count of an item in a warehouse; a corrected count comes again';
