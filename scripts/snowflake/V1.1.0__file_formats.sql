-- How landed files are read. Every option is written out, defaults too: the same text is carried out on DuckDB by
-- `retail load`, which refuses an option that it does not know.
-- Variable: database.
use database {{ database }};

create file format if not exists bronze.parquet_files
    type = parquet
    -- auto means what the Parquet file itself says: snappy, zstd, gzip or none
    compression = auto
    -- text is text: a byte array without a logical type must not become a varchar unseen
    binary_as_text = false
    -- typed decimals, dates and timestamps are read by their logical type
    use_logical_type = true
    -- Snowflake's newer reader; its documentation recommends it for all new formats
    use_vectorized_scanner = true
    trim_space = false
    replace_invalid_characters = false
    -- Snowflake's default, written out; in text columns of both engines this one value stands for null
    null_if = ('\\N')
    comment = 'Typed extracts of the operational database';

create file format if not exists bronze.csv_files
    type = csv
    -- by the name's ending: .gz is gzip, no ending is plain
    compression = auto
    -- columns are matched by the names in the first line, so a changed order does no harm. It excludes skip_header
    parse_header = true
    -- With true Snowflake compares each line with the table's columns, in number, and refuses files that leave one out
    -- or bring a new one; matching by name is documented for false only. Its price: a ragged line loads, cut or filled
    -- with null. `retail load` and `retail check` refuse such a line, since its values may sit in the wrong columns
    error_on_column_count_mismatch = false
    field_delimiter = ','
    -- the line feed also stands for CR LF
    record_delimiter = '\n'
    -- a quoted field may hold line ends
    multi_line = true
    field_optionally_enclosed_by = '"'
    -- A quote inside quotes is doubled. The default escape outside quotes is the backslash, which would eat it in paths
    escape = none
    escape_unenclosed_field = none
    trim_space = false
    -- an empty line is no record; the default makes it an error
    skip_blank_lines = true
    -- nothing but an empty field is null (the default turns the text \N into null); "" is an empty text
    null_if = ()
    empty_field_as_null = true
    encoding = 'UTF8'
    skip_byte_order_mark = true
    -- a broken character is an error to be seen, not a question mark to be kept
    replace_invalid_characters = false
    comment = 'Files made by people and shops: first line names the columns, all values land as text';
