-- Pipe of source `marketplace`: a CSV file that lands under marketplace/transactions/ becomes rows of
-- bronze.marketplace__transactions, once. One bad line must not hold back the others: on_error = continue; the rejected
-- ones are counted in the load history.
-- Variable: database.
use database {{ database }};

create pipe if not exists bronze.marketplace__transactions_pipe
    -- the bucket tells Snowflake of each new file
    auto_ingest = true
as
copy into bronze.marketplace__transactions
from @bronze.landing/marketplace/transactions/
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
