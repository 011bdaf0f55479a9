-- What happens around a build. In each procedure one transaction and no DDL, which would commit it half-way; on a failure everything is as
-- it was before, the bookmarks of the streams too, and the error goes to the caller.
-- Variables: database, landing_url, build_integration, feeds, pipes.
use database {{ database }};

create or replace procedure audit.record_loads()
returns varchar
language sql
comment = 'Copies what Snowflake knows of loaded, failed and rejected into audit.load_log and audit.reject_log, before it forgets'
-- the task calls it, and dbt before a build of its own; neither may write the log otherwise
execute as owner
as
$$
begin
    begin transaction;
    {%- for feed in feeds %}
    {%- set folder = feed.replace('__', '/', 1) ~ '/' %}
    insert into audit.load_log
    with copied as (
        select
            'bronze.{{ pipes[feed] }}' as pipe_name,
            -- the path below the stage's root, whether or not Snowflake gives it with the folder that the pipe reads
            iff(startswith(file_name, '{{ folder }}'), file_name, '{{ folder }}' || file_name) as file_name,
            file_size,
            replace(lower(status), ' ', '_') as status,
            row_parsed,
            row_count,
            error_count,
            first_error_message,
            first_error_line_number,
            first_error_column_name,
            cast(convert_timezone('UTC', coalesce(pipe_received_time, last_load_time)) as timestamp_ntz) as started_at,
            cast(convert_timezone('UTC', last_load_time) as timestamp_ntz) as finished_at
        from table(information_schema.copy_history(
            table_name => '{{ database }}.bronze.{{ feed }}', start_time => dateadd('day', -13, current_timestamp())
        ))
    )
    select copied.*
    from copied
    where
        copied.status in ('loaded', 'partially_loaded', 'load_failed')
        and not exists (
            select 1
            from audit.load_log as known
            where
                known.pipe_name = copied.pipe_name
                and known.file_name = copied.file_name
                and known.finished_at = copied.finished_at
        );
    insert into audit.reject_log
    with rejected as (
        select
            'bronze.{{ pipes[feed] }}' as pipe_name,
            iff(startswith(file, '{{ folder }}'), file, '{{ folder }}' || file) as file_name,
            row_number as file_row_number,
            row_start_line as line_number,
            max(column_name) as column_name,
            max(error) as error_message
        from table(information_schema.validate_pipe_load(
            pipe_name => '{{ database }}.bronze.{{ pipes[feed] }}', start_time => dateadd('day', -13, current_timestamp())
        ))
        group by file, row_number, row_start_line
    )
    select rejected.*
    from rejected
    where
        -- of a file that failed whole no row is in bronze, and none is missing from it
        exists (
            select 1
            from audit.load_log as loads
            where loads.file_name = rejected.file_name and loads.status = 'partially_loaded'
        )
        and not exists (
            select 1
            from audit.reject_log as known
            where known.file_name = rejected.file_name and known.file_row_number = rejected.file_row_number
        );
    {%- endfor %}
    commit;
    return 'recorded';
exception
    when other then
        rollback;
        raise;
end;
$$;

create or replace procedure audit.request_build()
returns varchar
language sql
comment = 'Records what loaded, notes that a build is wanted, and tells the orchestrator'
execute as owner
as
$$
declare
    request_id varchar default uuid_string();
begin
    call audit.record_loads();
    insert into audit.build_requests (request_id, requested_at)
    select :request_id, cast(convert_timezone('UTC', current_timestamp()) as timestamp_ntz);
    call system$send_snowflake_notification(
        to_json(object_construct('application/json', to_json(object_construct(
            'database', '{{ database }}', 'request_id', :request_id
        )))),
        '{"{{ build_integration }}": {}}'
    );
    return request_id;
end;
$$;

create or replace procedure audit.confirm_build(request_id varchar)
returns number
language sql
comment = 'After a successful build: moves the bookmarks of all streams. Without it the next night builds again'
execute as owner
as
$$
declare
    requested_at timestamp_ntz default null;
    known number default 0;
    unknown_request exception (-20001, 'audit.build_requests has no such request, or it is confirmed already');
begin
    begin transaction;
    select count(*), max(requested_at) into :known, :requested_at
    from audit.build_requests
    where request_id = :request_id and confirmed_at is null;
    if (known = 0) then
        raise unknown_request;
    end if;
    -- what landed late for the build before this one is older than this build, and so in it
    insert into audit.processed_files (request_id, feed, file_name, row_count)
    select :request_id, feed, file_name, row_count
    from audit.landed_late_changes;
    {%- for feed in feeds %}
    insert into audit.processed_files
    select :request_id, '{{ feed }}', _file_name, count(*), min(_file_row_number), max(_file_row_number)
    from bronze.{{ feed }}_changes
    where _loaded_at < dateadd('hour', -1, :requested_at)
    group by _file_name;
    -- Perhaps not in the build: scanned less than an hour before it was asked for, or since. Both statements see the stream as it was when the
    -- transaction began, and this insert stands in a stream of its own, which wakes the next night.
    insert into audit.landed_late
    select :request_id, '{{ feed }}', _file_name, count(*)
    from bronze.{{ feed }}_changes
    where _loaded_at is null or _loaded_at >= dateadd('hour', -1, :requested_at)
    group by _file_name;
    {%- endfor %}
    update audit.build_requests
    set confirmed_at = cast(convert_timezone('UTC', current_timestamp()) as timestamp_ntz)
    where request_id = :request_id;
    commit;
    return known;
exception
    when other then
        rollback;
        raise;
end;
$$;
