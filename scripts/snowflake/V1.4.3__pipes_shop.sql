-- Pipes of source `shop`: a CSV file that lands under shop/<feed>/ becomes rows of bronze.shop__<feed>, once. One bad
-- line must not hold back the others: on_error = continue; the rejected ones are counted in the load history.
-- Variable: database.
use database {{ database }};

create pipe if not exists bronze.shop__customers_pipe
    -- the bucket tells Snowflake of each new file
    auto_ingest = true
as
copy into bronze.shop__customers
from @bronze.landing/shop/customers/
file_format = (format_name = 'bronze.csv_files')
match_by_column_name = case_insensitive
include_metadata = (
    _file_name = metadata$filename,
    _file_row_number = metadata$file_row_number,
    _file_content_key = metadata$file_content_key,
    _file_last_modified = metadata$file_last_modified,
    _loaded_at = metadata$start_scan_time
)
on_error = continue;

create pipe if not exists bronze.shop__products_pipe
    -- the bucket tells Snowflake of each new file
    auto_ingest = true
as
copy into bronze.shop__products
from @bronze.landing/shop/products/
file_format = (format_name = 'bronze.csv_files')
match_by_column_name = case_insensitive
include_metadata = (
    _file_name = metadata$filename,
    _file_row_number = metadata$file_row_number,
    _file_content_key = metadata$file_content_key,
    _file_last_modified = metadata$file_last_modified,
    _loaded_at = metadata$start_scan_time
)
on_error = continue;

create pipe if not exists bronze.shop__orders_pipe
    -- the bucket tells Snowflake of each new file
    auto_ingest = true
as
copy into bronze.shop__orders
from @bronze.landing/shop/orders/
file_format = (format_name = 'bronze.csv_files')
match_by_column_name = case_insensitive
include_metadata = (
    _file_name = metadata$filename,
    _file_row_number = metadata$file_row_number,
    _file_content_key = metadata$file_content_key,
    _file_last_modified = metadata$file_last_modified,
    _loaded_at = metadata$start_scan_time
)
on_error = continue;
