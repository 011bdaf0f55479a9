-- Every privilege that anybody but the owner has; the matrix in docs/snowflake.md is this script, and a test compares them. A grant that is
-- taken out here must be revoked here too: granting again changes nothing, leaving out takes nothing away.
-- Variables: prefix, database.
use database {{ database }};

-- bronze_load: first loads and repairs
grant usage on database {{ database }} to role {{ prefix }}bronze_load;
grant usage on schema bronze to role {{ prefix }}bronze_load;
grant insert on all tables in schema bronze to role {{ prefix }}bronze_load;
grant insert on future tables in schema bronze to role {{ prefix }}bronze_load;
grant usage on all file formats in schema bronze to role {{ prefix }}bronze_load;
grant usage on future file formats in schema bronze to role {{ prefix }}bronze_load;
grant read, write on stage bronze.first_try to role {{ prefix }}bronze_load;
grant usage on stage bronze.landing to role {{ prefix }}bronze_load;
grant monitor, operate on all pipes in schema bronze to role {{ prefix }}bronze_load;
grant monitor, operate on future pipes in schema bronze to role {{ prefix }}bronze_load;

-- bronze_read
grant usage on database {{ database }} to role {{ prefix }}bronze_read;
grant usage on schema bronze to role {{ prefix }}bronze_read;
grant select on all tables in schema bronze to role {{ prefix }}bronze_read;
grant select on future tables in schema bronze to role {{ prefix }}bronze_read;

-- layers_write: what dbt makes it owns; the load history in audit it reads, it says when a build is done, and unloads gold
grant usage on database {{ database }} to role {{ prefix }}layers_write;
{% for layer in ["silver", "snapshots", "seeds", "gold", "audit"] %}
grant usage, create table, create view on schema {{ layer }} to role {{ prefix }}layers_write;
{% endfor %}
grant select on all views in schema audit to role {{ prefix }}layers_write;
grant select on future views in schema audit to role {{ prefix }}layers_write;
grant usage on all procedures in schema audit to role {{ prefix }}layers_write;
grant usage on future procedures in schema audit to role {{ prefix }}layers_write;
grant usage on stage gold.processed to role {{ prefix }}layers_write;

-- silver_read
grant usage on database {{ database }} to role {{ prefix }}silver_read;
{% for layer in ["silver", "snapshots", "seeds"] %}
grant usage on schema {{ layer }} to role {{ prefix }}silver_read;
grant select on all tables in schema {{ layer }} to role {{ prefix }}silver_read;
grant select on future tables in schema {{ layer }} to role {{ prefix }}silver_read;
{% endfor %}
grant select on all views in schema silver to role {{ prefix }}silver_read;
grant select on future views in schema silver to role {{ prefix }}silver_read;

-- gold_read
grant usage on database {{ database }} to role {{ prefix }}gold_read;
grant usage on schema gold to role {{ prefix }}gold_read;
grant select on all tables in schema gold to role {{ prefix }}gold_read;
grant select on future tables in schema gold to role {{ prefix }}gold_read;
grant select on all views in schema gold to role {{ prefix }}gold_read;
grant select on future views in schema gold to role {{ prefix }}gold_read;

-- audit_read: the status of a pipe is told to those who may monitor it
grant usage on database {{ database }} to role {{ prefix }}audit_read;
grant usage on schema audit to role {{ prefix }}audit_read;
grant select on all tables in schema audit to role {{ prefix }}audit_read;
grant select on future tables in schema audit to role {{ prefix }}audit_read;
grant select on all views in schema audit to role {{ prefix }}audit_read;
grant select on future views in schema audit to role {{ prefix }}audit_read;
grant usage on schema bronze to role {{ prefix }}audit_read;
grant monitor on all pipes in schema bronze to role {{ prefix }}audit_read;
grant monitor on future pipes in schema bronze to role {{ prefix }}audit_read;

-- functional roles
grant role {{ prefix }}bronze_load to role {{ prefix }}loader;
grant usage on warehouse {{ prefix }}loading to role {{ prefix }}loader;

grant role {{ prefix }}bronze_read to role {{ prefix }}transformer;
grant role {{ prefix }}layers_write to role {{ prefix }}transformer;
grant role {{ prefix }}pii_read to role {{ prefix }}transformer;
grant usage on warehouse {{ prefix }}transforming to role {{ prefix }}transformer;
grant usage on warehouse {{ prefix }}transforming_large to role {{ prefix }}transformer;

grant role {{ prefix }}gold_read to role {{ prefix }}reporter;
grant usage on warehouse {{ prefix }}reporting to role {{ prefix }}reporter;

grant role {{ prefix }}bronze_read to role {{ prefix }}steward;
grant role {{ prefix }}silver_read to role {{ prefix }}steward;
grant role {{ prefix }}gold_read to role {{ prefix }}steward;
grant role {{ prefix }}audit_read to role {{ prefix }}steward;
grant role {{ prefix }}pii_read to role {{ prefix }}steward;
grant usage on warehouse {{ prefix }}reporting to role {{ prefix }}steward;

-- the owner of the procedure that unloads gold reads it as reporters do, masked
grant role {{ prefix }}gold_read to role {{ prefix }}deployer;

-- service users; people get a functional role from whoever administers them
grant role {{ prefix }}loader to user {{ prefix }}retail_loader;
grant role {{ prefix }}transformer to user {{ prefix }}retail_transformer;
grant role {{ prefix }}reporter to user {{ prefix }}retail_reporter;
