{#-
    What a snapshot is fed, and what it notes. dbt's own hard_deletes would date a deletion by the clock, and lets the intervals of a key that
    returns overlap; so a key that is missing from the extract is fed as its last known row, marked deleted.

    states_of_extract: the rows of the extract, and the last known rows of the keys that are missing from it.
        Parameters: snapshot; rows (name of a CTE with its columns); extract (from extract_to_take).
    undo_extract: pre-hooks that take back the rows of a day that is made anew, as when one of its feeds landed after the first run of the night.
        Parameters: snapshot.
    take_extract: the post-hook that notes whose files the snapshot holds now.
        Parameters: snapshot.
    Usage: see int_ops__customer_states and snapshots/ops__customers.yml.
-#}
{% macro states_of_extract(snapshot, rows, extract) %}
    {%- set history = kept_histories()[snapshot] -%}
    select
        *,
        false as is_deleted,
        cast({{ extract }} as timestamp) as extracted_at
    from {{ rows }}
    {%- set kept = load_relation(built('snapshots', snapshot)) if execute and flags.WHICH in ['build', 'run', 'snapshot', 'retry'] else none -%}
    {% if kept %}
    union all by name
    select
        known.* exclude (dbt_scd_id, dbt_updated_at, dbt_valid_from, dbt_valid_to) replace (
            true as is_deleted,
            cast({{ extract }} as timestamp) as extracted_at
        )
    from {{ kept }} as known
    left join {{ rows }} as extracted
        on known.{{ history.key }} = extracted.{{ history.key }}
    where
        extracted.{{ history.key }} is null
        and known.dbt_valid_from < {{ extract }}
        and known.dbt_valid_to >= {{ extract }}
    {% endif %}
{% endmacro %}

{% macro undo_extract(snapshot) %}
    {%- set extract = extract_to_take(snapshot) -%}
    {%- if load_relation(this) and 'null' not in extract -%}
        delete from {{ this }} where dbt_valid_from >= {{ extract }}
    {%- endif -%}
{% endmacro %}

{% macro reopen_before_extract(snapshot) %}
    {%- set extract = extract_to_take(snapshot) -%}
    {%- if load_relation(this) and 'null' not in extract -%}
        update {{ this }}
        set dbt_valid_to = cast({{ history_ceiling() }} as timestamp)
        where dbt_valid_to >= {{ extract }}
    {%- endif -%}
{% endmacro %}

{% macro take_extract(snapshot) %}
    {%- set history = kept_histories()[snapshot] -%}
    {%- set extract = extract_to_take(snapshot) -%}
    {%- if 'null' not in extract -%}
        insert into {{ built('silver', 'int_taken_files') }} (taken_by, file_name)
        select
            '{{ snapshot }}' as taken_by,
            files._file_name as file_name
        from {{ built('silver', 'stg_landing__files') }} as files
        left join {{ built('silver', 'int_taken_files') }} as taken
            on
                files._file_name = taken.file_name
                and taken.taken_by = '{{ snapshot }}'
        where
            files.source_name = '{{ history.source }}'
            and files.feed_name in ('{{ history.feeds | join("', '") }}')
            and files.landed_date = {{ extract }}
            and taken.file_name is null
    {%- endif -%}
{% endmacro %}
