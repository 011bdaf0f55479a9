-- For the models that read facts, where an X-Small one takes too long: dbt uses it when SNOWFLAKE_LARGE_WAREHOUSE names it (docs/snowflake.md).
-- Until then it never starts, and costs nothing.
-- Variables: prefix, database.
create warehouse if not exists {{ prefix }}transforming_large
    -- four times the machines and the price: worth it while it more than quarters the time
    warehouse_size = medium
    auto_suspend = 60
    auto_resume = true
    initially_suspended = true
    -- seconds; as for the small one
    statement_timeout_in_seconds = 7200
    comment = 'dbt: facts, and what is added up from them';

-- Snapshots are permanent tables (dbt_project.yml): a wrong night is undone by Time Travel, where a rebuild replays every extract
use database {{ database }};
alter schema snapshots set data_retention_time_in_days = 30;
