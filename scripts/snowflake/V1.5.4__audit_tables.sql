-- What the procedures keep. Snowflake forgets how a file loaded after 14 days (pipes) or 64 (COPY); these do not.
-- Times are UTC.
-- Variable: database.
use database {{ database }};

create table if not exists audit.load_log (
    pipe_name varchar,
    file_name varchar,
    file_size number(38, 0),
    status varchar,
    row_parsed number(38, 0),
    row_count number(38, 0),
    error_count number(38, 0),
    first_error_message varchar,
    first_error_line_number number(38, 0),
    first_error_column_name varchar,
    started_at timestamp_ntz,
    finished_at timestamp_ntz
)
comment = 'A file that a pipe or a COPY loaded, loaded in part or refused, at one run; read it through audit.load_history';

create table if not exists audit.reject_log (
    pipe_name varchar,
    file_name varchar,
    file_row_number number(38, 0),
    line_number number(38, 0),
    column_name varchar,
    error_message varchar
)
comment = 'A record that a pipe did not load, as far as Snowflake tells; read it through audit.load_rejects';

create table if not exists audit.build_requests (
    request_id varchar,
    requested_at timestamp_ntz,
    confirmed_at timestamp_ntz
)
comment = 'A night with something to build; confirmed once the build succeeded';

create table if not exists audit.processed_files (
    request_id varchar,
    feed varchar,
    file_name varchar,
    row_count number(38, 0),
    first_row_number number(38, 0),
    last_row_number number(38, 0)
)
comment = 'Rows of a file that a stream gave out, and the build that had them';

create table if not exists audit.landed_late (
    request_id varchar,
    feed varchar,
    file_name varchar,
    row_count number(38, 0)
)
comment = 'Files that landed while a build was under way: perhaps not in it, so the next night builds again';
