{#-
    The rows of a feed that staging rejected.

    rejected_rows: one select of int_rejected_rows: whole, as they landed, with the reason; at night those of new files.
    resolved_rows: of a feed's rejected rows, those where a later row with the same key was accepted.
    feeds_with_rejected_rows: the feeds that have any: the rows of the others need not be compared.
    Parameters: feed (from feeds()); names (from new_names).
    Usage: one select of int_rejected_rows, and of audit_rejected_rows.
-#}
{% macro rejected_rows(feed, names) %}
    select
        '{{ feed.source }}' as source_name,
        '{{ feed.name }}' as feed_name,
        rejected._file_name as file_name,
        rejected._file_row_number as file_row_number,
        rejected.reject_reason,
        max({{ row_json('landed_rows', load_metadata()) }}) as row_content
    from {{ ref(feed.staging) }} as rejected
    inner join {{ source(feed.source, feed.name) }} as landed_rows
        on
            rejected._file_name = landed_rows._file_name
            and rejected._file_row_number = landed_rows._file_row_number
    where
        rejected.reject_reason is not null
        and {{ in_new_files(names, [[feed.source, feed.name]], 'rejected') }}
        and {{ in_new_files(names, [[feed.source, feed.name]], 'landed_rows') }}
    group by rejected._file_name, rejected._file_row_number, rejected.reject_reason
{% endmacro %}

{% macro resolved_rows(feed) %}
    select
        rejected._file_name as file_name,
        rejected._file_row_number as file_row_number
    from {{ ref(feed.staging) }} as rejected
    -- joined by the key alone: with "or" in it the join compares every pair of rows
    inner join {{ ref(feed.staging) }} as accepted
        on
            {% for column in feed.key %}rejected.{{ column }} = accepted.{{ column }}
            and {% endfor %}accepted.reject_reason is null
    where rejected.reject_reason is not null
    group by rejected._file_name, rejected._file_row_number
    having
        max(
            case
                when
                    rejected.landed_date < accepted.landed_date
                    or (rejected.landed_date = accepted.landed_date and rejected._file_name < accepted._file_name)
                    or (rejected._file_name = accepted._file_name and rejected._file_row_number < accepted._file_row_number)
                    then 1
                else 0
            end
        ) = 1
{% endmacro %}

{% macro feeds_with_rejected_rows() -%}
    {%- if not (execute and flags.WHICH in ['build', 'run', 'retry']) -%}{{ return(feeds()) }}{%- endif -%}
    {%- set found = run_query('select distinct source_name, feed_name from ' ~ ref('int_rejected_rows')).rows | map('list') | list -%}
    {%- set named = [] -%}
    {%- for feed in feeds() if [feed.source, feed.name] in found -%}{%- do named.append(feed) -%}{%- endfor -%}
    {{ return(named) }}
{%- endmacro %}
