-- Pipes of source `ops`: a Parquet file that lands under ops/<feed>/ becomes rows of bronze.ops__<feed>, once.
-- A damaged Parquet file has no good part that could be told from the bad one: on_error = skip_file.
-- A pipe is never replaced: that forgets which files it has loaded. A changed one gets a new name (..._v2): pause,
-- drain, swap.
-- Variable: database.
use database {{ database }};

create pipe if not exists bronze.ops__call_center_pipe
    -- the bucket tells Snowflake of each new file
    auto_ingest = true
as
copy into bronze.ops__call_center
from @bronze.landing/ops/call_center/
file_format = (format_name = 'bronze.parquet_files')
match_by_column_name = case_insensitive
include_metadata = (
    _file_name = metadata$filename,
    _file_row_number = metadata$file_row_number,
    _file_content_key = metadata$file_content_key,
    _file_last_modified = metadata$file_last_modified,
    _loaded_at = metadata$start_scan_time
)
on_error = skip_file;

create pipe if not exists bronze.ops__catalog_page_pipe
    -- the bucket tells Snowflake of each new file
    auto_ingest = true
as
copy into bronze.ops__catalog_page
from @bronze.landing/ops/catalog_page/
file_format = (format_name = 'bronze.parquet_files')
match_by_column_name = case_insensitive
include_metadata = (
    _file_name = metadata$filename,
    _file_row_number = metadata$file_row_number,
    _file_content_key = metadata$file_content_key,
    _file_last_modified = metadata$file_last_modified,
    _loaded_at = metadata$start_scan_time
)
on_error = skip_file;

create pipe if not exists bronze.ops__catalog_returns_pipe
    -- the bucket tells Snowflake of each new file
    auto_ingest = true
as
copy into bronze.ops__catalog_returns
from @bronze.landing/ops/catalog_returns/
file_format = (format_name = 'bronze.parquet_files')
match_by_column_name = case_insensitive
include_metadata = (
    _file_name = metadata$filename,
    _file_row_number = metadata$file_row_number,
    _file_content_key = metadata$file_content_key,
    _file_last_modified = metadata$file_last_modified,
    _loaded_at = metadata$start_scan_time
)
on_error = skip_file;

create pipe if not exists bronze.ops__catalog_sales_pipe
    -- the bucket tells Snowflake of each new file
    auto_ingest = true
as
copy into bronze.ops__catalog_sales
from @bronze.landing/ops/catalog_sales/
file_format = (format_name = 'bronze.parquet_files')
match_by_column_name = case_insensitive
include_metadata = (
    _file_name = metadata$filename,
    _file_row_number = metadata$file_row_number,
    _file_content_key = metadata$file_content_key,
    _file_last_modified = metadata$file_last_modified,
    _loaded_at = metadata$start_scan_time
)
on_error = skip_file;

create pipe if not exists bronze.ops__customer_pipe
    -- the bucket tells Snowflake of each new file
    auto_ingest = true
as
copy into bronze.ops__customer
from @bronze.landing/ops/customer/
file_format = (format_name = 'bronze.parquet_files')
match_by_column_name = case_insensitive
include_metadata = (
    _file_name = metadata$filename,
    _file_row_number = metadata$file_row_number,
    _file_content_key = metadata$file_content_key,
    _file_last_modified = metadata$file_last_modified,
    _loaded_at = metadata$start_scan_time
)
on_error = skip_file;

create pipe if not exists bronze.ops__customer_address_pipe
    -- the bucket tells Snowflake of each new file
    auto_ingest = true
as
copy into bronze.ops__customer_address
from @bronze.landing/ops/customer_address/
file_format = (format_name = 'bronze.parquet_files')
match_by_column_name = case_insensitive
include_metadata = (
    _file_name = metadata$filename,
    _file_row_number = metadata$file_row_number,
    _file_content_key = metadata$file_content_key,
    _file_last_modified = metadata$file_last_modified,
    _loaded_at = metadata$start_scan_time
)
on_error = skip_file;

create pipe if not exists bronze.ops__customer_demographics_pipe
    -- the bucket tells Snowflake of each new file
    auto_ingest = true
as
copy into bronze.ops__customer_demographics
from @bronze.landing/ops/customer_demographics/
file_format = (format_name = 'bronze.parquet_files')
match_by_column_name = case_insensitive
include_metadata = (
    _file_name = metadata$filename,
    _file_row_number = metadata$file_row_number,
    _file_content_key = metadata$file_content_key,
    _file_last_modified = metadata$file_last_modified,
    _loaded_at = metadata$start_scan_time
)
on_error = skip_file;

create pipe if not exists bronze.ops__date_dim_pipe
    -- the bucket tells Snowflake of each new file
    auto_ingest = true
as
copy into bronze.ops__date_dim
from @bronze.landing/ops/date_dim/
file_format = (format_name = 'bronze.parquet_files')
match_by_column_name = case_insensitive
include_metadata = (
    _file_name = metadata$filename,
    _file_row_number = metadata$file_row_number,
    _file_content_key = metadata$file_content_key,
    _file_last_modified = metadata$file_last_modified,
    _loaded_at = metadata$start_scan_time
)
on_error = skip_file;

create pipe if not exists bronze.ops__household_demographics_pipe
    -- the bucket tells Snowflake of each new file
    auto_ingest = true
as
copy into bronze.ops__household_demographics
from @bronze.landing/ops/household_demographics/
file_format = (format_name = 'bronze.parquet_files')
match_by_column_name = case_insensitive
include_metadata = (
    _file_name = metadata$filename,
    _file_row_number = metadata$file_row_number,
    _file_content_key = metadata$file_content_key,
    _file_last_modified = metadata$file_last_modified,
    _loaded_at = metadata$start_scan_time
)
on_error = skip_file;

create pipe if not exists bronze.ops__income_band_pipe
    -- the bucket tells Snowflake of each new file
    auto_ingest = true
as
copy into bronze.ops__income_band
from @bronze.landing/ops/income_band/
file_format = (format_name = 'bronze.parquet_files')
match_by_column_name = case_insensitive
include_metadata = (
    _file_name = metadata$filename,
    _file_row_number = metadata$file_row_number,
    _file_content_key = metadata$file_content_key,
    _file_last_modified = metadata$file_last_modified,
    _loaded_at = metadata$start_scan_time
)
on_error = skip_file;

create pipe if not exists bronze.ops__item_pipe
    -- the bucket tells Snowflake of each new file
    auto_ingest = true
as
copy into bronze.ops__item
from @bronze.landing/ops/item/
file_format = (format_name = 'bronze.parquet_files')
match_by_column_name = case_insensitive
include_metadata = (
    _file_name = metadata$filename,
    _file_row_number = metadata$file_row_number,
    _file_content_key = metadata$file_content_key,
    _file_last_modified = metadata$file_last_modified,
    _loaded_at = metadata$start_scan_time
)
on_error = skip_file;

create pipe if not exists bronze.ops__promotion_pipe
    -- the bucket tells Snowflake of each new file
    auto_ingest = true
as
copy into bronze.ops__promotion
from @bronze.landing/ops/promotion/
file_format = (format_name = 'bronze.parquet_files')
match_by_column_name = case_insensitive
include_metadata = (
    _file_name = metadata$filename,
    _file_row_number = metadata$file_row_number,
    _file_content_key = metadata$file_content_key,
    _file_last_modified = metadata$file_last_modified,
    _loaded_at = metadata$start_scan_time
)
on_error = skip_file;

create pipe if not exists bronze.ops__reason_pipe
    -- the bucket tells Snowflake of each new file
    auto_ingest = true
as
copy into bronze.ops__reason
from @bronze.landing/ops/reason/
file_format = (format_name = 'bronze.parquet_files')
match_by_column_name = case_insensitive
include_metadata = (
    _file_name = metadata$filename,
    _file_row_number = metadata$file_row_number,
    _file_content_key = metadata$file_content_key,
    _file_last_modified = metadata$file_last_modified,
    _loaded_at = metadata$start_scan_time
)
on_error = skip_file;

create pipe if not exists bronze.ops__ship_mode_pipe
    -- the bucket tells Snowflake of each new file
    auto_ingest = true
as
copy into bronze.ops__ship_mode
from @bronze.landing/ops/ship_mode/
file_format = (format_name = 'bronze.parquet_files')
match_by_column_name = case_insensitive
include_metadata = (
    _file_name = metadata$filename,
    _file_row_number = metadata$file_row_number,
    _file_content_key = metadata$file_content_key,
    _file_last_modified = metadata$file_last_modified,
    _loaded_at = metadata$start_scan_time
)
on_error = skip_file;

create pipe if not exists bronze.ops__store_pipe
    -- the bucket tells Snowflake of each new file
    auto_ingest = true
as
copy into bronze.ops__store
from @bronze.landing/ops/store/
file_format = (format_name = 'bronze.parquet_files')
match_by_column_name = case_insensitive
include_metadata = (
    _file_name = metadata$filename,
    _file_row_number = metadata$file_row_number,
    _file_content_key = metadata$file_content_key,
    _file_last_modified = metadata$file_last_modified,
    _loaded_at = metadata$start_scan_time
)
on_error = skip_file;

create pipe if not exists bronze.ops__store_returns_pipe
    -- the bucket tells Snowflake of each new file
    auto_ingest = true
as
copy into bronze.ops__store_returns
from @bronze.landing/ops/store_returns/
file_format = (format_name = 'bronze.parquet_files')
match_by_column_name = case_insensitive
include_metadata = (
    _file_name = metadata$filename,
    _file_row_number = metadata$file_row_number,
    _file_content_key = metadata$file_content_key,
    _file_last_modified = metadata$file_last_modified,
    _loaded_at = metadata$start_scan_time
)
on_error = skip_file;

create pipe if not exists bronze.ops__store_sales_pipe
    -- the bucket tells Snowflake of each new file
    auto_ingest = true
as
copy into bronze.ops__store_sales
from @bronze.landing/ops/store_sales/
file_format = (format_name = 'bronze.parquet_files')
match_by_column_name = case_insensitive
include_metadata = (
    _file_name = metadata$filename,
    _file_row_number = metadata$file_row_number,
    _file_content_key = metadata$file_content_key,
    _file_last_modified = metadata$file_last_modified,
    _loaded_at = metadata$start_scan_time
)
on_error = skip_file;

create pipe if not exists bronze.ops__time_dim_pipe
    -- the bucket tells Snowflake of each new file
    auto_ingest = true
as
copy into bronze.ops__time_dim
from @bronze.landing/ops/time_dim/
file_format = (format_name = 'bronze.parquet_files')
match_by_column_name = case_insensitive
include_metadata = (
    _file_name = metadata$filename,
    _file_row_number = metadata$file_row_number,
    _file_content_key = metadata$file_content_key,
    _file_last_modified = metadata$file_last_modified,
    _loaded_at = metadata$start_scan_time
)
on_error = skip_file;

create pipe if not exists bronze.ops__warehouse_pipe
    -- the bucket tells Snowflake of each new file
    auto_ingest = true
as
copy into bronze.ops__warehouse
from @bronze.landing/ops/warehouse/
file_format = (format_name = 'bronze.parquet_files')
match_by_column_name = case_insensitive
include_metadata = (
    _file_name = metadata$filename,
    _file_row_number = metadata$file_row_number,
    _file_content_key = metadata$file_content_key,
    _file_last_modified = metadata$file_last_modified,
    _loaded_at = metadata$start_scan_time
)
on_error = skip_file;

create pipe if not exists bronze.ops__web_page_pipe
    -- the bucket tells Snowflake of each new file
    auto_ingest = true
as
copy into bronze.ops__web_page
from @bronze.landing/ops/web_page/
file_format = (format_name = 'bronze.parquet_files')
match_by_column_name = case_insensitive
include_metadata = (
    _file_name = metadata$filename,
    _file_row_number = metadata$file_row_number,
    _file_content_key = metadata$file_content_key,
    _file_last_modified = metadata$file_last_modified,
    _loaded_at = metadata$start_scan_time
)
on_error = skip_file;

create pipe if not exists bronze.ops__web_returns_pipe
    -- the bucket tells Snowflake of each new file
    auto_ingest = true
as
copy into bronze.ops__web_returns
from @bronze.landing/ops/web_returns/
file_format = (format_name = 'bronze.parquet_files')
match_by_column_name = case_insensitive
include_metadata = (
    _file_name = metadata$filename,
    _file_row_number = metadata$file_row_number,
    _file_content_key = metadata$file_content_key,
    _file_last_modified = metadata$file_last_modified,
    _loaded_at = metadata$start_scan_time
)
on_error = skip_file;

create pipe if not exists bronze.ops__web_sales_pipe
    -- the bucket tells Snowflake of each new file
    auto_ingest = true
as
copy into bronze.ops__web_sales
from @bronze.landing/ops/web_sales/
file_format = (format_name = 'bronze.parquet_files')
match_by_column_name = case_insensitive
include_metadata = (
    _file_name = metadata$filename,
    _file_row_number = metadata$file_row_number,
    _file_content_key = metadata$file_content_key,
    _file_last_modified = metadata$file_last_modified,
    _loaded_at = metadata$start_scan_time
)
on_error = skip_file;

create pipe if not exists bronze.ops__web_site_pipe
    -- the bucket tells Snowflake of each new file
    auto_ingest = true
as
copy into bronze.ops__web_site
from @bronze.landing/ops/web_site/
file_format = (format_name = 'bronze.parquet_files')
match_by_column_name = case_insensitive
include_metadata = (
    _file_name = metadata$filename,
    _file_row_number = metadata$file_row_number,
    _file_content_key = metadata$file_content_key,
    _file_last_modified = metadata$file_last_modified,
    _loaded_at = metadata$start_scan_time
)
on_error = skip_file;
