-- The star of the operational source written by hand for DuckDB: every table of schema gold, in schema by_hand, from the same
-- bronze tables, in one script. It is the yardstick of the dbt models' speed (models.py beside it) and an independent
-- computation of their content: same columns, same types, same keys, same rules; no row or value may differ.
--
-- Fair means: written as one would who knows the data and the engine. Dimensions are looked up by the integer keys of bronze,
-- repeated keys are searched for on those alone, and nothing that only dbt needs is done (views of silver, comments).
-- NOT NULL: dbt creates its tables with the constraints of the contracts and inserts into them. CREATE TABLE AS can't declare
-- them, and they are left out here: the check costs too little to be seen, and what little it costs counts against dbt.
-- Not built here: the seeds (us_holidays, channels), which dbt has loaded before either run.

create schema by_hand;

-- ---------------------------------------------------------------------------------------------------------- expressions

create temp macro clean(value) as nullif(trim(value), '');
create temp macro flag(value) as case value when 'Y' then true when 'N' then false end;
create temp macro ops_key(id) as md5('ops' || chr(31) || id::varchar);
create temp macro day_key(day) as coalesce((year(day) * 10000 + month(day) * 100 + day(day))::bigint, -1);
create temp macro second_key(second) as case when second between 0 and 86399 then second else -1 end;
-- the dt=YYYY-MM-DD of a path; null where there is none
create temp macro path_date(path) as
    case when split_part(split_part(path, '/dt=', 2), '/', 1) like '____-__-__'
        then try_cast(split_part(split_part(path, '/dt=', 2), '/', 1) as date) end;
create temp macro covered(day) as day is null or day between date '1990-01-01' and date '2035-12-31';
create temp macro whole(value) as
    case when try_cast(value as double) = try_cast(value as bigint) then try_cast(value as bigint) end;
-- n / d, four decimals, half away from zero, in whole numbers
create temp macro exact_ratio(n, d) as
    (sign(n) * sign(d) * ((abs(n) * 20000 + abs(d)) // nullif(abs(d) * 2, 0))::decimal(18, 0) * 0.0001::decimal(5, 4))::decimal(18, 4);

-- ---------------------------------------------------------------------------------------------------------- state feeds
-- The rows of the newest extract; of several with one key the last.

create temp table calendar as
from (
    select d_date_sk, d_date, path_date(_file_name) as landed, _file_name, _file_row_number, _loaded_at
    from bronze.ops__date_dim
    qualify landed = max(landed) over ()
)
select d_date_sk, d_date
where d_date_sk is not null
qualify row_number() over (partition by d_date_sk order by _file_name desc, _file_row_number desc, _loaded_at desc) = 1;

create temp macro newest_of(feed, id) as table
from (
    from query_table(feed) as landed
    select landed.*, path_date(_file_name) as landed_on
    where id is not null
)
select *
where landed_on = (select max(path_date(_file_name)) from query_table(feed) where id is not null)
qualify row_number() over (partition by id order by _file_name desc, _file_row_number desc, _loaded_at desc) = 1;
