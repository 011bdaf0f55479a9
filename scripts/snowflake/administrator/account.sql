-- Once per environment, by a person who may use ACCOUNTADMIN, before the first `retail deploy`. It makes the role that owns all that
-- follows, and that role's user, warehouse, database and integrations: ACCOUNTADMIN itself owns nothing.
-- Print it with the variables filled in: retail deploy --show administrator/account.sql
-- Variables: prefix, database, deployer_public_key, landing_url, processed_url, storage_integration, storage_role_arn, error_integration,
-- error_topic_arn, build_integration, build_topic_arn, notification_role_arn.
use role accountadmin;

-- _loaded_at and the load history are times without a zone; both engines have them in UTC
alter account set timezone = 'UTC';

create role if not exists {{ prefix }}deployer
    comment = 'Owns the database, warehouses, roles, users and integrations of retail; used by `retail deploy` alone';

grant create database on account to role {{ prefix }}deployer;
grant create warehouse on account to role {{ prefix }}deployer;
grant create role on account to role {{ prefix }}deployer;
grant create user on account to role {{ prefix }}deployer;
grant create integration on account to role {{ prefix }}deployer;
grant execute task on account to role {{ prefix }}deployer;
grant apply masking policy on account to role {{ prefix }}deployer;
grant database role snowflake.usage_viewer to role {{ prefix }}deployer;
grant database role snowflake.governance_viewer to role {{ prefix }}deployer;

-- so that administrators can manage what the role owns, without being able to read persons: SYSADMIN gets no functional role
grant role {{ prefix }}deployer to role sysadmin;

use role {{ prefix }}deployer;

create warehouse if not exists {{ prefix }}deploying
    warehouse_size = xsmall
    -- seconds; the least that Snowflake bills
    auto_suspend = 60
    auto_resume = true
    initially_suspended = true
    -- seconds; no script runs longer
    statement_timeout_in_seconds = 900
    comment = 'Deployment and the nightly task';

-- the deployment keeps its change history there, so it exists before the first script
create database if not exists {{ database }}
    comment = 'Retail analytics';

create user if not exists {{ prefix }}retail_deployer
    type = service
    default_role = {{ prefix }}deployer
    default_warehouse = {{ prefix }}deploying
    rsa_public_key = '{{ deployer_public_key }}'
    comment = 'Runs `retail deploy`; key pair alone';

create storage integration if not exists {{ storage_integration }}
    type = external_stage
    storage_provider = 's3'
    enabled = true
    storage_aws_role_arn = '{{ storage_role_arn }}'
    storage_allowed_locations = ('{{ landing_url }}', '{{ processed_url }}')
    comment = 'Buckets of the landing and the processed zone; no keys in a stage';

create notification integration if not exists {{ error_integration }}
    enabled = true
    type = queue
    direction = outbound
    notification_provider = aws_sns
    aws_sns_topic_arn = '{{ error_topic_arn }}'
    aws_sns_role_arn = '{{ notification_role_arn }}'
    comment = 'What pipes and tasks could not do';

create notification integration if not exists {{ build_integration }}
    enabled = true
    type = queue
    direction = outbound
    notification_provider = aws_sns
    aws_sns_topic_arn = '{{ build_topic_arn }}'
    aws_sns_role_arn = '{{ notification_role_arn }}'
    comment = 'Tells the orchestrator that something landed and is to be built';

use role accountadmin;

-- a role does not hold the roles it made, but a user has to be given its own
grant role {{ prefix }}deployer to user {{ prefix }}retail_deployer;
