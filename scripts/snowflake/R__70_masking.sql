-- Personal columns. The tag `pii` stands on the schema gold, so that text and dates of a table are masked from the moment dbt makes it; dbt then
-- says which columns are personal ('yes') and that the table's others are not ('no'), from `meta: {pii: true}`
-- (macros/engines/tag_personal_columns.sql). What was forgotten stays hidden, not shown. Numbers have tags of their own, one a scale, which
-- stand on personal columns alone: a policy has one scale, and one for whole numbers would round the cents of amounts away.
-- Masked text reads as in the published file of DuckDB; other types are null.
-- Variables: prefix, database.
use database {{ database }};
use schema audit;

create tag if not exists pii
    allowed_values 'unknown', 'yes', 'no'
    comment = 'Whether a column is about a person; only no shows it to everybody';

create tag if not exists pii_number
    allowed_values 'yes'
    comment = 'A whole number about a person, such as an age';

create tag if not exists pii_amount
    allowed_values 'yes'
    comment = 'An amount about a person, such as an income';

{% set types = [
    ("text", "varchar", "'***MASKED***'", "pii"),
    ("boolean", "boolean", "null", "pii"),
    ("date", "date", "null", "pii"),
    ("timestamp", "timestamp_ntz", "null", "pii"),
    ("number", "number(38, 0)", "null", "pii_number"),
    ("amount", "number(18, 2)", "null", "pii_amount"),
] %}
{% for name, type, masked, tag in types %}
create masking policy if not exists mask_{{ name }} as (val {{ type }}) returns {{ type }} ->
    cast(null as {{ type }})
    comment = 'Personal columns of type {{ type }}';

-- the body apart, so that it can be changed while the policy is in use
alter masking policy mask_{{ name }} set body ->
    case
        when system$get_tag_on_current_column('{{ database }}.audit.{{ tag }}') = 'no' then val
        when is_role_in_session('{{ (prefix ~ "pii_read") | upper }}') then val
        when val is null then null
        else {{ masked }}
    end;
{% endfor %}
-- a tag takes one policy a type; force: the same again is no error
{% for name, type, masked, tag in types %}
alter tag {{ tag }} set masking policy mask_{{ name }} force;
{% endfor %}
alter schema gold set tag audit.pii = 'unknown';

-- dbt sets the tags on the tables and views that it owns
grant apply on tag pii to role {{ prefix }}layers_write;
grant apply on tag pii_number to role {{ prefix }}layers_write;
grant apply on tag pii_amount to role {{ prefix }}layers_write;
