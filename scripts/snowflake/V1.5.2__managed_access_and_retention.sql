-- Who may read what is decided here alone: in a schema with managed access the owner of a table cannot grant it, and the schema's owner
-- may set future grants without a privilege over the whole account.
-- Variable: database.
use database {{ database }};

alter schema bronze enable managed access;
alter schema silver enable managed access;
alter schema gold enable managed access;
alter schema audit enable managed access;
alter schema snapshots enable managed access;
alter schema seeds enable managed access;

-- Days of Time Travel. What cannot be built again keeps a month; the rest is made from it, and dbt's tables are transient, which have a day
-- at most. Streams stay readable for 14 days beyond that (the default of max_data_extension_time_in_days).
alter schema bronze set data_retention_time_in_days = 30;
alter schema audit set data_retention_time_in_days = 30;
alter schema silver set data_retention_time_in_days = 1;
alter schema gold set data_retention_time_in_days = 1;
alter schema snapshots set data_retention_time_in_days = 1;
alter schema seeds set data_retention_time_in_days = 1;
