{#-
    The versions of each thing form one line in time: half-open, without overlap, the first from the floor, and one of them current. Without
    held_until also without gap: things are never deleted. With it a deletion leaves a gap, which held_until spans, and a deleted thing
    has no current version.
    Arguments: durable_key (column that names the thing); held_until (column, where things may be deleted: is_deleted says which version a deletion ended).
    One row is a version that breaks this, and how. A version that another supersedes on the very day it starts is empty, and allowed
    where the source numbers its versions (without held_until): facts name it.
-#}
{% test history_is_whole(model, durable_key, held_until=none) %}
with versions as (
    select
        {{ durable_key }} as durable_key,
        valid_from,
        valid_to,
        is_current,
        {{ 'is_deleted' if held_until else 'false' }} as is_deleted,
        {{ held_until or 'valid_to' }} as held_until,
        lag(valid_to) over (partition by {{ durable_key }} order by valid_from nulls last, valid_to nulls last) as previous_valid_to,
        lag({{ held_until or 'valid_to' }}) over (
            partition by {{ durable_key }} order by valid_from nulls last, valid_to nulls last
        ) as previous_held_until,
        lead(valid_from) over (partition by {{ durable_key }} order by valid_from nulls last, valid_to nulls last) as next_valid_from,
        count(case when is_current then 1 end) over (partition by {{ durable_key }}) as current_versions
    from {{ model }}
),

judged as (
    select
        *,
        case
            when valid_from is null or valid_to is null or valid_from > valid_to then 'does not end after it starts'
            {% if held_until %}
            when valid_from = valid_to then 'is empty'
            when held_until is null or held_until < valid_to then 'is held for less than it is valid'
            when is_deleted and held_until = valid_to then 'is marked deleted, and no deletion ends it'
            {% endif %}
            when previous_valid_to is null and valid_from != cast({{ history_floor() }} as timestamp) then 'the first does not start at the floor'
            when previous_valid_to is not null and valid_from < previous_valid_to then 'overlaps the one before'
            when previous_valid_to is not null and valid_from != previous_held_until then 'does not start where the one before is held to'
            when held_until > valid_to and not is_deleted then 'ends without a change or a deletion'
            when next_valid_from is null and held_until != cast({{ history_ceiling() }} as timestamp) then 'the last is not held for good'
            when next_valid_from is null and valid_to != cast({{ history_ceiling() }} as timestamp) and not is_deleted then 'the last does not stay open'
            when next_valid_from is null and not is_deleted and not is_current then 'none is current'
            when current_versions > 1 then 'more than one is current'
            when is_current and valid_to != cast({{ history_ceiling() }} as timestamp) then 'the current one has ended'
        end as fault
    from versions
)

select *
from judged
where fault is not null
{% endtest %}
