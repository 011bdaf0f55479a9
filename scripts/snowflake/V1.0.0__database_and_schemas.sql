-- The database and its layers. Each layer reads only the one before it; who may do so is granted in later scripts.
-- Variable: database.
create database if not exists {{ database }}
    comment = 'Retail analytics';

use database {{ database }};

create schema if not exists bronze
    comment = 'As landed: append-only, one table a feed, with load metadata. Written by pipes alone';

create schema if not exists silver
    comment = 'Cleaned and conformed by dbt: staging and intermediate models';

create schema if not exists gold
    comment = 'What consumers read: facts, dimensions and marts built by dbt';

create schema if not exists audit
    comment = 'Rejected rows, row accounting, load history, runs and test results';

create schema if not exists snapshots
    comment = 'History of sources that show only their current state, kept by dbt';

create schema if not exists seeds
    comment = 'Small reference tables kept by people, loaded by dbt';
