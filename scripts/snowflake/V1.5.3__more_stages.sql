-- Variables: database, processed_url (such as s3://bucket/), storage_integration.
use database {{ database }};

-- The landing zone without a bucket, for a first try: files are put here under the paths that they would have there, and the pipes' own COPY
-- statements load them (docs/snowflake.md).
create stage if not exists bronze.first_try
    -- nothing reads a listing of it
    directory = (enable = false)
    comment = 'Files of a first try, in place of the bucket';

create stage if not exists gold.processed
    url = '{{ processed_url }}'
    storage_integration = {{ storage_integration }}
    comment = 'Processed zone: <table>/dt=YYYY-MM-DD/ as Parquet, personal columns masked';
