-- The landing zone as Snowflake sees it. Its url is the bucket's root: METADATA$FILENAME counts from there, so that a
-- row's _file_name is the same on Snowflake as on DuckDB, where it counts from the landing folder.
-- Variables: database, landing_url (such as s3://bucket/), storage_integration (made once per account by an
-- administrator).
use database {{ database }};

create stage if not exists bronze.landing
    url = '{{ landing_url }}'
    -- no keys in a stage: the integration holds a role of the cloud account
    storage_integration = {{ storage_integration }}
    comment = 'Landing zone: <source>/<feed>/dt=YYYY-MM-DD/<file>';
