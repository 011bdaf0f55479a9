-- Stock planning reads four thresholds by name; one that is missing, misspelt or doubled would empty or double the alerts. Nothing is
-- tolerated. Who acts: whoever edited seeds/stock_thresholds.csv.
with thresholds as (
    select * from {{ ref('stock_thresholds') }}
),

known as (
    {% for name in ['rate_window_weeks', 'count_valid_weeks', 'order_cover_weeks', 'excess_cover_weeks'] %}
        select '{{ name }}' as threshold_name
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

faults as (
    select
        known.threshold_name,
        'must be there exactly once' as fault
    from known
    left join thresholds
        on known.threshold_name = thresholds.threshold_name
    group by known.threshold_name
    having count(thresholds.threshold_name) != 1
    union all
    select
        thresholds.threshold_name,
        'nothing reads a threshold of this name: is it misspelt?' as fault
    from thresholds
    left join known
        on thresholds.threshold_name = known.threshold_name
    where known.threshold_name is null
    union all
    select
        threshold_name,
        'must be from 1 to 104 weeks' as fault
    from thresholds
    where coalesce(threshold_value not between 1 and 104, true)
)

select * from faults
