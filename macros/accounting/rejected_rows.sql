{#-
    Purpose: the rows of a feed that staging rejected, whole, as they landed, with the reason; `resolved` where a later row with the same key was accepted.
    Parameters: feed (from feeds()).
    Usage: one select of audit_rejected_rows.
-#}
{% macro rejected_rows(feed) %}
    {%- set relation = ref(feed.staging) -%}
    select
        'staging' as stage,
        '{{ feed.source }}' as source_name,
        '{{ feed.name }}' as feed_name,
        rejected._file_name as file_name,
        rejected._file_row_number as file_row_number,
        rejected.reject_reason,
        max(
            case
                when
                    rejected.landed_date < accepted.landed_date
                    or (rejected.landed_date = accepted.landed_date and rejected._file_name < accepted._file_name)
                    or (rejected._file_name = accepted._file_name and rejected._file_row_number < accepted._file_row_number)
                    then 1
                else 0
            end
        ) = 1 as is_resolved,
        max({{ row_json('landed_rows', load_metadata()) }}) as row_content
    from {{ relation }} as rejected
    inner join {{ source(feed.source, feed.name) }} as landed_rows
        on
            rejected._file_name = landed_rows._file_name
            and rejected._file_row_number = landed_rows._file_row_number
    -- joined by the key alone: with "or" in it the join compares every pair of rows
    left join {{ relation }} as accepted
        on
            {% for column in feed.key %}rejected.{{ column }} = accepted.{{ column }}
            and {% endfor %}accepted.reject_reason is null
    where rejected.reject_reason is not null
    group by rejected._file_name, rejected._file_row_number, rejected.reject_reason
{% endmacro %}
