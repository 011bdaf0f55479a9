{#-
    Purpose: what became of the rows of a feed that are in bronze, by file: rejected in staging, repeats (equal in every column to the row
        that counts), superseded by a later row or extract, and accepted, which are all others.
    Parameters: feed (from feeds()).
    Usage: one select of audit_row_accounting.
-#}
{% macro row_outcomes(feed) %}
    {%- set relation = ref(feed.staging) -%}
    {%- set newest = '(select max(landed_date) from ' ~ relation ~ ' where reject_reason is null)' -%}
    {%- set among = 'reject_reason is null' ~ (' and landed_date = ' ~ newest if feed.kind == 'state' else '') -%}
    select
        '{{ feed.source }}' as source_name,
        '{{ feed.name }}' as feed_name,
        files._file_name as file_name,
        files.bronze_rows,
        files.rejected_rows,
        coalesce(passed_over.repeat_rows, 0) as repeat_rows,
        files.older_rows + coalesce(passed_over.later_rows, 0) as superseded_rows
    from (
        select
            _file_name,
            count(*) as bronze_rows,
            count(reject_reason) as rejected_rows,
            {% if feed.kind == 'state' %}
            count(case when reject_reason is null and landed_date < {{ newest }} then 1 end) as older_rows
            {% else %}
            0 as older_rows
            {% endif %}
        from {{ relation }}
        group by _file_name
    ) as files
    left join (
        select
            _file_name,
            count(case when content = content_that_counts then 1 end) as repeat_rows,
            count(case when content != content_that_counts then 1 end) as later_rows
        from (
            select
                *,
                max(case when place = 1 then content end) over (partition by {{ feed.key | join(', ') }}) as content_that_counts
            from ({{ repeated_rows(relation, feed.key, among, [row_json('landed_again', load_metadata() + ['landed_date', 'reject_reason']) ~ ' as content']) }}) as repeated
        ) as compared
        where place > 1
        group by _file_name
    ) as passed_over
        on files._file_name = passed_over._file_name
{% endmacro %}
