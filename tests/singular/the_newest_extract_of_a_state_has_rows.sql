-- An extract without a usable row would mean that everything is gone. No row of it is in bronze for a snapshot to ask about, and the state before
-- it would stand as if nothing had landed. Tolerated once a later extract has rows, or when its day is in `refused_extracts`. Who acts: the owner of
-- the source, who sends the extract again under a later dt.
{{ config(severity='error') }}

with extracts as (
    select
        source_name,
        feed_name,
        file_name,
        {{ landed_date('file_name') }} as extract_date,
        landed_rows > rejected_at_load_rows + rejected_in_staging_rows as has_rows
    from {{ ref('audit_row_accounting') }}
    where
        load_status != 'load_failed'
        and ({% for feed in feeds() if feed.kind == 'state' %}(source_name = '{{ feed.source }}' and feed_name = '{{ feed.name }}'){{ ' or ' if not loop.last }}{% else %}false{% endfor %})
),

newest_with_rows as (
    select
        source_name,
        feed_name,
        max(extract_date) as extract_date
    from extracts
    where has_rows
    group by source_name, feed_name
)

select
    extracts.source_name,
    extracts.feed_name,
    extracts.file_name
from extracts
inner join newest_with_rows
    on
        extracts.source_name = newest_with_rows.source_name
        and extracts.feed_name = newest_with_rows.feed_name
        and extracts.extract_date > newest_with_rows.extract_date
{% if refused_extracts() %}
    where cast(extracts.extract_date as varchar) not in ('{{ refused_extracts() | join("', '") }}')
{% endif %}
