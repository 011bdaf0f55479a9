-- Not part of a deployment: what an account may have already, or wants in its own way. Look at it, change it, and run it as ACCOUNTADMIN:
-- retail deploy --show optional/network_and_budget.sql
-- Variables: prefix, database, allowed_addresses (such as ['192.0.2.0/24']), monthly_credits.
use role securityadmin;

create network policy if not exists {{ prefix }}retail_services
    allowed_ip_list = ('{{ allowed_addresses | join("', '") }}')
    comment = 'Where the service users of retail connect from';

-- owns neither the users nor the policy, and may use both
use role accountadmin;

alter user {{ prefix }}retail_deployer set network_policy = {{ prefix }}retail_services;
alter user {{ prefix }}retail_loader set network_policy = {{ prefix }}retail_services;
alter user {{ prefix }}retail_transformer set network_policy = {{ prefix }}retail_services;
alter user {{ prefix }}retail_reporter set network_policy = {{ prefix }}retail_services;

-- Only ACCOUNTADMIN can make a resource monitor. It sees warehouses, not Snowpipe: audit.monitor_cost has that.
create resource monitor if not exists {{ prefix }}retail_credits with
    credit_quota = {{ monthly_credits }}
    frequency = monthly
    start_timestamp = immediately
    triggers on 80 percent do notify
    on 100 percent do suspend;

alter warehouse {{ prefix }}loading set resource_monitor = {{ prefix }}retail_credits;
alter warehouse {{ prefix }}transforming set resource_monitor = {{ prefix }}retail_credits;
alter warehouse {{ prefix }}reporting set resource_monitor = {{ prefix }}retail_credits;
