-- Tells the error topic of files that a pipe could not load. A setting of the pipe, not a new pipe: it keeps what it knows of loaded files.
-- Snowflake sends nothing for rejected lines of a pipe with on_error = continue (the CSV feeds); audit.monitor_failed_files has those.
-- Variables: database, error_integration, feeds, pipes.
use database {{ database }};
{% for feed in feeds %}
alter pipe if exists bronze.{{ pipes[feed] }} set error_integration = {{ error_integration }};
{%- endfor %}
