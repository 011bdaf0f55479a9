{#-
    The versions of each thing form one line in time: half-open, without gap or overlap, from the floor to the ceiling, with one current version.
    Arguments: durable_key (column that names the thing).
    One row is a version that breaks this, and how. A version that another supersedes on the very day it starts is empty, and allowed: facts name it.
-#}
{% test history_is_whole(model, durable_key) %}
with versions as (
    select
        {{ durable_key }} as durable_key,
        valid_from,
        valid_to,
        is_current,
        lag(valid_to) over (partition by {{ durable_key }} order by valid_from nulls last, valid_to nulls last) as previous_valid_to,
        lead(valid_from) over (partition by {{ durable_key }} order by valid_from nulls last, valid_to nulls last) as next_valid_from,
        count(case when is_current then 1 end) over (partition by {{ durable_key }}) as current_versions
    from {{ model }}
),

judged as (
    select
        *,
        case
            when valid_from is null or valid_to is null or valid_from > valid_to then 'does not end after it starts'
            when previous_valid_to is null and valid_from != cast({{ history_floor() }} as timestamp) then 'the first does not start at the floor'
            when previous_valid_to is not null and previous_valid_to != valid_from then 'gap or overlap with the one before'
            when next_valid_from is null and valid_to != cast({{ history_ceiling() }} as timestamp) then 'the last does not stay open'
            when current_versions != 1 then 'not exactly one is current'
            when is_current and next_valid_from is not null then 'the current one is not the last'
        end as fault
    from versions
)

select *
from judged
where fault is not null
{% endtest %}
