-- A combination of scores without a segment would leave customers without one, one with two would list them twice. One row alone, without
-- scores, names those who never ordered. Nothing is tolerated. Who acts: whoever edited seeds/customer_segments.csv.
with segments as (
    select * from {{ ref('customer_segments') }}
),

scores as (
    select 1 as score
    union all
    select 2 as score
    union all
    select 3 as score
    union all
    select 4 as score
    union all
    select 5 as score
),

combinations as (
    select
        recency.score as recency_score,
        frequency.score as frequency_score,
        monetary.score as monetary_score
    from scores as recency
    cross join scores as frequency
    cross join scores as monetary
),

faults as (
    select
        combinations.recency_score,
        combinations.frequency_score,
        combinations.monetary_score,
        count(segments.segment_name) as segments_found,
        'each combination belongs to exactly one row' as fault
    from combinations
    left join segments
        on
            combinations.recency_score >= segments.recency_from
            and combinations.recency_score <= segments.recency_to
            and combinations.frequency_score >= segments.frequency_from
            and combinations.frequency_score <= segments.frequency_to
            and combinations.monetary_score >= segments.monetary_from
            and combinations.monetary_score <= segments.monetary_to
    group by combinations.recency_score, combinations.frequency_score, combinations.monetary_score
    having count(segments.segment_name) != 1
    union all
    select
        null as recency_score,
        null as frequency_score,
        null as monetary_score,
        count(*) as segments_found,
        'exactly one row has all six scores blank: it names those who never ordered' as fault
    from segments
    where coalesce(recency_from, recency_to, frequency_from, frequency_to, monetary_from, monetary_to) is null
    having count(*) != 1
    union all
    select
        recency_from as recency_score,
        frequency_from as frequency_score,
        monetary_from as monetary_score,
        1 as segments_found,
        'scores are 1 to 5, from not above to, and all six are there or none' as fault
    from segments
    where
        coalesce(recency_from, recency_to, frequency_from, frequency_to, monetary_from, monetary_to) is not null
        and not coalesce(
            recency_from >= 1 and recency_from <= recency_to and recency_to <= 5
            and frequency_from >= 1 and frequency_from <= frequency_to and frequency_to <= 5
            and monetary_from >= 1 and monetary_from <= monetary_to and monetary_to <= 5, false
        )
)

select * from faults
