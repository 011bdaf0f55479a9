-- Warehouses by job, so that each job's cost is seen and none waits for another. The deployment's own stands in administrator/account.sql.
-- Variable: prefix.
create warehouse if not exists {{ prefix }}loading
    warehouse_size = xsmall
    -- seconds; the least that Snowflake bills
    auto_suspend = 60
    auto_resume = true
    initially_suspended = true
    -- seconds; a load that takes an hour hangs
    statement_timeout_in_seconds = 3600
    comment = 'First loads and repairs by hand; pipes need no warehouse';

create warehouse if not exists {{ prefix }}transforming
    warehouse_size = xsmall
    auto_suspend = 60
    auto_resume = true
    initially_suspended = true
    -- seconds; the longest model of a full refresh
    statement_timeout_in_seconds = 7200
    comment = 'dbt';

create warehouse if not exists {{ prefix }}reporting
    warehouse_size = xsmall
    -- seconds; readers come in bursts, and a warm cache answers the next one
    auto_suspend = 300
    auto_resume = true
    initially_suspended = true
    -- seconds; nobody waits longer for a dashboard
    statement_timeout_in_seconds = 600
    comment = 'BI tools, dashboards and people';
