-- At the very moment of a change the new version holds and the old one no longer: otherwise a sale at that moment counts twice, or not
-- at all. Nothing is tolerated. Who acts: whoever changed valid_at.
with versions as (
    select
        'old' as version_name,
        cast('1900-01-01' as timestamp) as valid_from,
        cast('2002-01-12' as timestamp) as valid_to
    union all
    select
        'new' as version_name,
        cast('2002-01-12' as timestamp) as valid_from,
        cast('9999-12-31' as timestamp) as valid_to
),

moments as (
    select
        cast('2002-01-11 23:59:59' as timestamp) as moment,
        'old' as expected_version
    union all
    select
        cast('2002-01-12 00:00:00' as timestamp) as moment,
        'new' as expected_version
    union all
    select
        {{ last_moment_of("date '2002-01-11'") }} as moment,
        'old' as expected_version
),

found as (
    select
        moments.moment,
        moments.expected_version,
        count(*) as version_count,
        max(versions.version_name) as found_version
    from moments
    left join versions
        on {{ valid_at('versions', 'moments.moment') }}
    group by moments.moment, moments.expected_version
)

select *
from found
where version_count != 1 or found_version != expected_version
