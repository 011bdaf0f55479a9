-- Gold as Parquet in the processed zone, for whoever does not read Snowflake. As the owner, who may not see persons: what is unloaded is
-- masked as for reporters.
-- Variables: prefix, database.
use database {{ database }};

create or replace procedure audit.unload(table_name varchar, day date)
returns varchar
language sql
comment = 'Writes gold.<table_name> to <table_name>/dt=<day>/ of the processed zone, in place of what was there for that day'
execute as owner
as
$$
declare
    known number default 0;
    folder varchar default '@gold.processed/' || lower(table_name) || '/dt=' || to_char(day, 'YYYY-MM-DD') || '/';
    unknown_table exception (-20002, 'gold has no table or view of this name');
    sees_persons exception (-20003, 'call it as a role that may not see persons, such as the deployer: files have no masking');
begin
    -- whether the policies go by the owner or by who calls, both must be masked
    if (is_role_in_session('{{ (prefix ~ "pii_read") | upper }}')) then
        raise sees_persons;
    end if;
    -- nothing but a name that gold has gets into the statement
    select count(*) into :known
    from information_schema.tables
    where table_schema = 'GOLD' and table_name = upper(:table_name);
    if (known = 0) then
        raise unknown_table;
    end if;
    -- fewer files than yesterday's run of the same day must leave none of it behind; if this stops half-way, run it again
    execute immediate 'remove ' || folder;
    -- bytes a file: what readers of Parquet like
    execute immediate 'copy into ' || folder || ' from (select * from gold.' || lower(table_name)
        || ') file_format = (type = parquet) header = true max_file_size = 134217728';
    return folder;
end;
$$;
