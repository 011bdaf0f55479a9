-- Access roles hold privileges on objects; functional roles hold access roles and are what users get. What each holds: R__20_grants.sql, and
-- the matrix in docs/snowflake.md.
-- Variable: prefix.
create role if not exists {{ prefix }}bronze_load
    comment = 'Access: load files by hand, watch and pause pipes';

create role if not exists {{ prefix }}bronze_read
    comment = 'Access: read what landed';

create role if not exists {{ prefix }}layers_write
    comment = 'Access: build silver, snapshots, seeds, gold and audit';

create role if not exists {{ prefix }}silver_read
    comment = 'Access: read silver, snapshots and seeds';

create role if not exists {{ prefix }}gold_read
    comment = 'Access: read gold';

create role if not exists {{ prefix }}audit_read
    comment = 'Access: read what became of every row, the load history and the monitoring views';

create role if not exists {{ prefix }}pii_read
    comment = 'Access: see personal columns unmasked; holds no privilege, the masking policies ask for it';

create role if not exists {{ prefix }}loader
    comment = 'Function: brings files in';

create role if not exists {{ prefix }}transformer
    comment = 'Function: dbt';

create role if not exists {{ prefix }}reporter
    comment = 'Function: BI tools and people; personal columns are masked';

create role if not exists {{ prefix }}steward
    comment = 'Function: people who answer for the data; see rejected rows and persons';
