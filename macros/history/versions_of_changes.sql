{#-
    Purpose: the versions that a log of changes makes, and the deletions between them, in the order of updated_at: a row that equals the one before
        it opens no version; a deletion ends one, and whatever comes after it opens another. The first version holds from the floor. To the
        columns of the changes it adds is_deletion (no version: from here the thing was deleted), valid_from and valid_to (half-open), held_until (where
        the next version starts: valid_to, but for a version that a deletion ended) and is_deleted (a deletion ended it).
    Parameters: changes (name of a CTE with one row a key and updated_at), key (its column), compared (list of what makes a version, as in
        surrogate_key), deletion (condition on a change; false where the source deletes nothing).
    Usage: with versions as ({{ versions_of_changes('changes', 'customer_id', ['first_name', 'email'], "operation = 'D'") }})
-#}
{% macro versions_of_changes(changes, key, compared, deletion='false') %}
    select
        * exclude (content, content_before, deletion_before),
        case
            when not is_deletion and row_number() over (partition by {{ key }}, is_deletion order by updated_at nulls last) = 1
                then cast({{ history_floor() }} as timestamp)
            else updated_at
        end as valid_from,
        coalesce(
            lead(updated_at) over (partition by {{ key }} order by updated_at nulls last), cast({{ history_ceiling() }} as timestamp)
        ) as valid_to,
        coalesce(
            lead(updated_at) over (partition by {{ key }}, is_deletion order by updated_at nulls last), cast({{ history_ceiling() }} as timestamp)
        ) as held_until,
        coalesce(lead(is_deletion) over (partition by {{ key }} order by updated_at nulls last), false) as is_deleted
    from (
        select
            *,
            lag(content) over (partition by {{ key }} order by updated_at nulls last) as content_before,
            lag(is_deletion) over (partition by {{ key }} order by updated_at nulls last) as deletion_before
        from (
            select
                *,
                {{ surrogate_key(compared) }} as content,
                {{ deletion }} as is_deletion
            from {{ changes }}
        ) as fingerprinted
    ) as sequenced
    where
        deletion_before is null
        or is_deletion != deletion_before
        or (not is_deletion and content != content_before)
{% endmacro %}
