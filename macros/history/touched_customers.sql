{#-
    The customers whose versions the new files may have changed: for dim_customers_history, which renews only those.

    touched_customers: a condition on source_name and source_customer_id: named by a new file of a log; with a version that starts or ends on the
        day of a new extract of a snapshot; any of a snapshot's, where the calendar that dates them is new; of a source of which nothing says what
        changed; or of one that is switched off.
    log_feeds_of_customers: the feeds whose new files the model takes, as [source, feed].
    take_held_extracts: a post-hook: of the extracts, the model takes those that the snapshot holds. One that it has yet to take stays new: `dbt run`
        leaves snapshots out, and a replay takes one extract a run.
    delete_touched: a pre-hook; a touched customer may have fewer versions than before, or none.
    Usage: see dim_customers_history.
-#}
{% macro touched_customers() %}
    {%- set whole_sources, logs = [], [] -%}
    {%- set kept = kept_histories().values() | map(attribute='source') | list -%}
    {%- for feed in feeds() if 'customers' in feed.get('fills', []) and feed.source not in kept -%}
        {%- if feed.customer is defined -%}{%- do logs.append(feed) -%}{%- else -%}{%- do whole_sources.append(feed.source) -%}{%- endif -%}
    {%- endfor -%}
    (
        {% for feed in logs %}
        (
            source_name = '{{ feed.source }}'
            and source_customer_id in (
                select named.{{ feed.customer }}
                from {{ built('silver', feed.staging) }} as named
                where named._file_name in ({{ new_files([[feed.source, feed.name]]) }})
            )
        )
        or
        {% endfor %}
        {% set history = kept_histories()['ops__customers'] %}
        (
            source_name = '{{ history.source }}'
            and source_customer_id in (
                select states.{{ history.key }}
                from {{ built('snapshots', 'ops__customers') }} as states
                inner join ({{ new_extracts('ops__customers') }}) as extracts
                    on
                        states.dbt_valid_from = extracts.extracted_at
                        or states.dbt_valid_to = extracts.extracted_at
                union all
                -- a day that was made anew may have lost a version
                select had.source_customer_id
                from {{ this }} as had
                inner join ({{ new_extracts('ops__customers') }}) as extracts
                    on
                        had.changed_at = extracts.extracted_at
                        or had.valid_to = extracts.extracted_at
                where had.source_name = '{{ history.source }}'
            )
        )
        or (
            source_name = '{{ history.source }}'
            and exists (select untaken._file_name from ({{ new_files(calendar_feeds()) }}) as untaken)
        )
        -- and those whom the hook has just deleted
        or (
            source_name = '{{ history.source }}'
            and source_customer_id not in (
                select had.source_customer_id
                from {{ this }} as had
                where had.source_name = '{{ history.source }}'
            )
        )
        or source_name not in ('{{ var('sources') | join("', '") }}')
        {% for source_name in whole_sources | unique %}
        or source_name = '{{ source_name }}'
        {% endfor %}
    )
{% endmacro %}

{# the feeds of logs from which customers are made, and the calendar: [source, feed] #}
{% macro log_feeds_of_customers() -%}
    {%- set found = calendar_feeds() -%}
    {%- set kept = kept_histories().values() | map(attribute='source') | list -%}
    {%- for feed in feeds() if 'customers' in feed.get('fills', []) and feed.source not in kept -%}
        {%- do found.append([feed.source, feed.name]) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{% macro take_held_extracts(snapshot) %}
    insert into {{ built('silver', 'int_taken_files') }} (taken_by, file_name)
    select
        '{{ this.name }}' as taken_by,
        held.file_name
    from {{ built('silver', 'int_taken_files') }} as held
    left join {{ built('silver', 'int_taken_files') }} as taken
        on
            held.file_name = taken.file_name
            and taken.taken_by = '{{ this.name }}'
    where
        held.taken_by = '{{ snapshot }}'
        and taken.file_name is null
{% endmacro %}

{% macro delete_touched() %}
    {%- if is_incremental() -%}
        delete from {{ this }} where {{ touched_customers() }}
    {%- endif -%}
{% endmacro %}

{# the moments of the extracts that the snapshot holds and this model has yet to take #}
{% macro new_extracts(snapshot) %}
    {%- set pairs = [] -%}
    {%- for feed_name in kept_histories()[snapshot].feeds -%}{%- do pairs.append([kept_histories()[snapshot].source, feed_name]) -%}{%- endfor -%}
    select distinct cast({{ landed_date('held.file_name') }} as timestamp) as extracted_at
    from {{ built('silver', 'int_taken_files') }} as held
    inner join ({{ new_files(pairs) }}) as untaken
        on held.file_name = untaken._file_name
    where held.taken_by = '{{ snapshot }}'
{% endmacro %}
