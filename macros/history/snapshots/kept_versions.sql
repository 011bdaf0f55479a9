{#-
    Purpose: the versions that a snapshot keeps, in the form of a history: without the stretches in which the key was gone, the first version of
        a key from the floor. To the columns of the snapshot it adds changed_at, valid_from and valid_to (half-open), held_until (where the next version
        starts: valid_to, but for a version that a deletion ended) and is_deleted (a deletion ended it).
    Parameters: snapshot (of kept_histories).
    Usage: with versions as ({{ kept_versions('ops__customers') }})
-#}
{% macro kept_versions(snapshot) %}
    {%- set history = kept_histories()[snapshot] -%}
    select
        * exclude (is_deleted, is_next_deleted, dbt_scd_id, dbt_updated_at, dbt_valid_from, dbt_valid_to, extracted_at),
        extracted_at as changed_at,
        case
            when row_number() over (partition by {{ history.key }} order by dbt_valid_from nulls last) = 1
                then cast({{ history_floor() }} as timestamp)
            else dbt_valid_from
        end as valid_from,
        dbt_valid_to as valid_to,
        coalesce(
            lead(dbt_valid_from) over (partition by {{ history.key }} order by dbt_valid_from nulls last),
            cast({{ history_ceiling() }} as timestamp)
        ) as held_until,
        is_next_deleted as is_deleted
    from (
        select
            *,
            coalesce(lead(is_deleted) over (partition by {{ history.key }} order by dbt_valid_from nulls last), false) as is_next_deleted
        from {{ ref(snapshot) }}
    ) as states
    where
        not states.is_deleted
        {% if history.source not in var('sources') %}and false{% endif %}
{% endmacro %}
