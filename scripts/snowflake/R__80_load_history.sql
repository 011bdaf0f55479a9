-- What dbt reads of the loads, with the columns that `retail load` keeps on DuckDB. What Snowflake does not know is null.
-- Variable: database.
use database {{ database }};

create or replace view audit.load_history
    comment = 'A file that a pipe loaded, loaded in part or refused, at one run; the last row of a file counts'
as
select
    pipe_name,
    file_name,
    cast(null as varchar) as file_content_key,
    file_size,
    cast(null as timestamp_ntz) as file_last_modified,
    status,
    row_parsed,
    row_count,
    error_count,
    first_error_message,
    first_error_line_number,
    first_error_column_name,
    cast(null as varchar) as missing_columns,
    cast(null as varchar) as extra_columns,
    cast(null as varchar) as note,
    started_at,
    finished_at
from audit.load_log;

create or replace view audit.load_rejects
    comment = 'A record of a CSV file that was not loaded; Snowpipe does not keep its text, which is in the file'
as
select
    pipe_name,
    file_name,
    cast(null as varchar) as file_content_key,
    file_row_number,
    line_number,
    column_name,
    error_message,
    cast(null as varchar) as raw_line
from audit.reject_log;
