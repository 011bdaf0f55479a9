-- A bookmark in each feed's table: has anything landed since the last build? Never replaced: that would move the bookmark.
-- dbt reads the tables, not the streams, so a lost bookmark costs a build too many and never a row.
-- Variables: database, feeds.
use database {{ database }};
{% for feed in feeds %}
create stream if not exists bronze.{{ feed }}_changes on table bronze.{{ feed }}
    -- nobody updates or deletes bronze
    append_only = true
    comment = 'Rows of {{ feed }} since the last confirmed build';
{% endfor %}
create stream if not exists audit.landed_late_changes on table audit.landed_late
    append_only = true
    comment = 'What landed while the last build was under way';
