{#-
    Which files an incremental model has taken, kept by file in int_taken_files: dates and load times do not say it, since files come
    late, and a concurrent pipe may commit rows with an earlier load time than those already seen.

    new_files: the files of some feeds that a model has yet to take; a subquery. The list of files is stg_landing__files, which stands still
        during a run, so that what is read and what is noted are the same. A new calendar (ops.date_dim) makes all files of its source new again:
        it dates their rows. A model that takes files of that source takes the calendar's too.
    new_names: [name, when its first row was loaded] by feed ("<source>/<feed>"), asked for once a model; none where the model is built whole.
    in_new_files: the condition that a row comes from one of them, with the names written out: such a condition is filtered while bronze is
        read, below whatever staging computes; a subquery would be joined above it, row by row. No row of a file was loaded before its first:
        that says nothing new, and spares reading all that is older, which DuckDB does not see by names that begin alike.
    delete_rows_of_files: a pre-hook, after forget_files: the rows of files that are to be taken, again, and of files that are gone.
    forget_files: a pre-hook. Before the first build and a full refresh nothing is taken; and the files of a source that is switched off are to be
        taken again when it is switched on.
    take_files: a post-hook. Killed before it, the model takes the same files again, which changes nothing.
    Parameters: feeds (list of [source, feed]); names (from new_names); alias (of the table whose _file_name is meant).
    Usage: see int_shop__customer_versions. The model names both tables in a `depends_on` comment, as the hooks are read later.
-#}
{% macro new_files(feeds) %}
    select files._file_name
    from {{ built('silver', 'stg_landing__files') }} as files
    left join {{ built('silver', 'int_taken_files') }} as taken
        on
            files._file_name = taken.file_name
            and taken.taken_by = '{{ this.name }}'
    where
        (
            taken.file_name is null
            {% if calendar_feeds()[0] in feeds and feeds != calendar_feeds() %}
            or (files.source_name = '{{ calendar_feeds()[0][0] }}' and {{ is_calendar_new() }})
            {% endif %}
        )
        and {{ of_feeds('files', feeds) }}
{% endmacro %}

{% macro of_feeds(files, feeds) -%}
    (
        {% for source_name, feed_name in feeds %}
        ({{ files }}.source_name = '{{ source_name }}' and {{ files }}.feed_name = '{{ feed_name }}'){{ ' or' if not loop.last }}
        {% endfor %}
    )
{%- endmacro %}

{% macro calendar_feeds() -%}{{ return([['ops', 'date_dim']]) }}{%- endmacro %}

{% macro is_calendar_new() -%}
    exists (
        select calendars._file_name
        from {{ built('silver', 'stg_landing__files') }} as calendars
        left join {{ built('silver', 'int_taken_files') }} as taken_calendars
            on
                calendars._file_name = taken_calendars.file_name
                and taken_calendars.taken_by = '{{ this.name }}'
        where
            taken_calendars.file_name is null
            and {{ of_feeds('calendars', calendar_feeds()) }}
    )
{%- endmacro %}

{# names written out: more of them than this are read as a subquery, since a statement has its limits #}
{% macro most_names() -%}{{ return(1000) }}{%- endmacro %}

{% macro new_names(feeds) -%}
    {%- if not is_renewal() -%}{{ return(none) }}{%- endif -%}
    {%- if execute and flags.WHICH in ['build', 'run', 'retry'] -%}
        {{ return(named_files('files._file_name in (' ~ new_files(feeds) ~ ')')) }}
    {%- endif -%}
    {{ return({}) }}
{%- endmacro %}

{% macro named_files(condition) -%}
    {%- set query -%}
    select
        files._file_name,
        files.first_loaded_at
    from {{ built('silver', 'stg_landing__files') }} as files
    where {{ condition }}
    {%- endset -%}
    {%- set found = {} -%}
    {%- for row in run_query(query).rows -%}
        {%- do found.setdefault(row[0].split('/')[:2] | join('/'), []).append(row | list) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{% macro in_new_files(names, feeds, alias=none) -%}
    {%- if names is none -%}{{ return('true') }}{%- endif -%}
    {%- set prefix = alias ~ '.' if alias else '' -%}
    {%- set found = [] -%}
    {%- for pair in feeds -%}{%- do found.extend(names.get(pair | join('/'), [])) -%}{%- endfor -%}
    {%- if found | length > most_names() -%}
        {{ prefix }}_file_name in ({{ new_files(feeds + (calendar_feeds() if calendar_feeds()[0] | join('/') in names else [])) }})
    {%- elif found -%}
        {{ prefix }}_file_name in ({% for name in found | map('first') | sort %}{{ text_literal(name) }}{{ ', ' if not loop.last }}{% endfor %})
        {%- if none not in found | map('last') | list %}
        and {{ prefix }}_loaded_at >= cast({{ text_literal(found | map('last') | min | string) }} as timestamp)
        {%- endif -%}
    {%- else -%}
        false
    {%- endif -%}
{%- endmacro %}

{% macro forget_files() %}
    delete from {{ built('silver', 'int_taken_files') }}
    where
        taken_by = '{{ this.name }}'
        {% if is_renewal() %}
        and file_name like '%/%'
        and file_name not in (select files._file_name from {{ built('silver', 'stg_landing__files') }} as files)
        {% endif %}
{% endmacro %}

{% macro delete_rows_of_files(column, feeds) %}
    {%- if is_renewal() %}
    delete from {{ this }}
    where
        {{ column }} not in (select taken.file_name from {{ built('silver', 'int_taken_files') }} as taken where taken.taken_by = '{{ this.name }}')
        {% if calendar_feeds()[0] in feeds %}
        -- of a new calendar, those that were taken, too
        or {{ column }} in ({{ new_files(feeds) }})
        {% endif %}
    {% endif -%}
{% endmacro %}

{% macro take_files(feeds) %}
    insert into {{ built('silver', 'int_taken_files') }} (taken_by, file_name)
    select
        '{{ this.name }}' as taken_by,
        files._file_name as file_name
    from {{ built('silver', 'stg_landing__files') }} as files
    left join {{ built('silver', 'int_taken_files') }} as taken
        on
            files._file_name = taken.file_name
            and taken.taken_by = '{{ this.name }}'
    where
        taken.file_name is null
        and {{ of_feeds('files', feeds) }}
{% endmacro %}

{# all feeds as [source, feed]; or those that fill a contract, with the calendar where it dates their rows #}
{% macro feed_pairs(contract=none) -%}
    {%- set pairs = [] -%}
    {%- for feed in feeds() if contract is none or contract in feed.get('fills', []) -%}
        {%- do pairs.append([feed.source, feed.name]) -%}
    {%- endfor -%}
    {%- if contract is not none and calendar_feeds()[0][0] in pairs | map('first') -%}
        {%- do pairs.extend(calendar_feeds()) -%}
    {%- endif -%}
    {{ return(pairs) }}
{%- endmacro %}

{# is_incremental(), which cannot be asked in a unit test #}
{% macro is_renewal() -%}{{ return(this is not none and is_incremental()) }}{%- endmacro %}

{# a first pre-hook: dbt opens the transaction of a model with the first statement of a hook, and what a later hook asks or says through run_query is
   then part of it: a model that is killed leaves nothing half done #}
{% macro open_transaction() -%}select 1 as transaction_is_open{%- endmacro %}
