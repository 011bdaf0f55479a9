-- The night: if anything landed, ask for a build. The task does not run dbt itself (docs/snowflake.md says why).
-- Variables: prefix, database, error_integration, nightly_schedule (minute hour day month weekday and a time zone), feeds.
use database {{ database }};

create or replace task audit.nightly
    warehouse = {{ prefix }}deploying
    schedule = 'using cron {{ nightly_schedule }}'
    error_integration = {{ error_integration }}
    -- milliseconds; it takes seconds
    user_task_timeout_ms = 900000
    comment = 'Asks the orchestrator for a build when something has landed'
when
    system$stream_has_data('{{ database }}.audit.landed_late_changes')
    {%- for feed in feeds %}
    or system$stream_has_data('{{ database }}.bronze.{{ feed }}_changes')
    {%- endfor %}
as
call audit.request_build();

-- a new task is made suspended
alter task audit.nightly resume;
