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
        cast(recency.score as bigint) as recency_score,
        cast(frequency.score as bigint) as frequency_score,
        cast(monetary.score as bigint) as monetary_score
    from scores as recency
    cross join scores as frequency
    cross join scores as monetary
),

named as (
    select
        combinations.recency_score,
        combinations.frequency_score,
        combinations.monetary_score,
        segments.segment_name,
        segments.segment_description
    from combinations
    inner join segments
        on
            combinations.recency_score >= segments.recency_from
            and combinations.recency_score <= segments.recency_to
            and combinations.frequency_score >= segments.frequency_from
            and combinations.frequency_score <= segments.frequency_to
            and combinations.monetary_score >= segments.monetary_from
            and combinations.monetary_score <= segments.monetary_to
    union all
    select
        cast(null as bigint) as recency_score,
        cast(null as bigint) as frequency_score,
        cast(null as bigint) as monetary_score,
        segment_name,
        segment_description
    from segments
    where recency_from is null
)

select * from named
