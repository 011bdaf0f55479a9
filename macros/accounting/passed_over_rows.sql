{#-
    The accepted rows of a feed that do not count, since another row with their key does: the last in the order of rows (business date of the
    extract, path, row number, compared as bytes; never the order of arrival). In a feed that shows a state only the rows of its newest extract
    are compared; all older ones are superseded as they are.

    passed_over_rows: one select of int_passed_over_rows: the row, its key as text, and its outcome: `repeat` where it equals the row that counts
        in every column, else `superseded`. A night compares the keys of new files alone (of a state: the newest extract, when one is new).
    forget_passed_over_rows: a pre-hook: what is known of those keys.
    counted_rows: of a staging relation of a log, the accepted rows that count.
    Parameters: feed (from feeds()); names (from new_names); relation (a staging relation whose feed is in feeds()).
    Usage: with sales as ({{ counted_rows(ref('stg_ops__web_sales')) }})
-#}
{% macro passed_over_rows(feed, names) %}
    {%- set relation = ref(feed.staging) -%}
    {%- set is_new = names is none or (feed.source ~ '/' ~ feed.name) in names -%}
    {#- the rows to compare, by name: the rest of the feed need not be read column by column -#}
    {%- set again = rows_of_repeated_keys(feed, names) if names and is_new else none -%}
    {%- set nothing = not is_new or (again is not none and again | length == 0) -%}
    select
        '{{ feed.source }}' as source_name,
        '{{ feed.name }}' as feed_name,
        row_key,
        _file_name,
        _file_row_number,
        _loaded_at,
        case when content = content_that_counts then 'repeat' else 'superseded' end as outcome
    from (
        select
            *,
            max(case when place = 1 then content end) over (partition by row_key) as content_that_counts
        from (
            select
                {{ key_text(feed.key, 'landed_again') }} as row_key,
                landed_again._file_name,
                landed_again._file_row_number,
                landed_again._loaded_at,
                {{ row_json('landed_again', load_metadata() + ['landed_date', 'reject_reason']) }} as content,
                row_number() over (
                    partition by {% for column in feed.key %}landed_again.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
                    order by
                        landed_again.landed_date desc nulls last, landed_again._file_name desc nulls last,
                        landed_again._file_row_number desc nulls last, landed_again._loaded_at desc nulls last
                ) as place
            from {{ relation }} as landed_again
            where
                {{ among_rows(feed) }}
                {% if nothing %}
                and false
                {% elif again is not none and again | length <= most_names() %}
                and (
                    {% for name, rows in again | groupby(0) %}
                    {{ 'or ' if not loop.first }}(
                        landed_again._file_name = {{ text_literal(name) }}
                        and landed_again._file_row_number in ({{ rows | map(attribute=1) | unique | join(', ') }})
                    )
                    {% endfor %}
                )
                {% else %}
                and ({% for column in feed.key %}landed_again.{{ column }}{{ ', ' if not loop.last }}{% endfor %}) in (
                    {{ repeated_keys(feed, names) }}
                )
                {% endif %}
        ) as ranked
    ) as compared
    where place > 1
{% endmacro %}

{# the keys that landed more than once; at night those of new files #}
{% macro repeated_keys(feed, names) %}
    {%- set keys = feed.key | join(', ') -%}
    select {{ keys }}
    from {{ ref(feed.staging) }}
    where
        {{ among_rows(feed) }}
        {% if names and feed.kind == 'log' %}
        {{ within_new_keys(feed, names) }}
        and ({{ keys }}) in (
            select {{ keys }}
            from {{ ref(feed.staging) }}
            where
                {{ among_rows(feed) }}
                and {{ in_new_files(names, [[feed.source, feed.name]]) }}
        )
        {% endif %}
    group by {{ keys }}
    having count(*) > 1
{% endmacro %}

{# from the least to the greatest key of the new files, written out: what lies outside is not read #}
{% macro within_new_keys(feed, names) -%}
    {%- set query -%}
    select
        {% for column in feed.key %}
        cast(min({{ column }}) as varchar) as least_{{ loop.index }},
        cast(max({{ column }}) as varchar) as greatest_{{ loop.index }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref(feed.staging) }}
    where
        {{ among_rows(feed) }}
        and {{ in_new_files(names, [[feed.source, feed.name]]) }}
    {%- endset -%}
    {%- set bounds = run_query(query).rows[0] -%}
    {%- for column in feed.key %}
        {%- if bounds[2 * loop.index0] is not none %}
        and {{ column }} between {{ text_literal(bounds[2 * loop.index0] | string) }} and {{ text_literal(bounds[2 * loop.index0 + 1] | string) }}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}

{# rejected ones, too, which passed_over_rows leaves out: to check every row of the feed costs more than to find the few #}
{% macro rows_of_repeated_keys(feed, names) -%}
    {%- set keys = feed.key | join(', ') -%}
    {%- set query -%}
    select
        _file_name,
        _file_row_number
    from {{ ref(feed.staging) }}
    where
        {% if feed.kind == 'log' %}
        true
        {{ within_new_keys(feed, names) }}
        and ({{ keys }}) in (
            select {{ keys }}
            from {{ ref(feed.staging) }}
            where
                {{ among_rows(feed) }}
                and {{ in_new_files(names, [[feed.source, feed.name]]) }}
        )
    qualify count(*) over (partition by {{ keys }}) > 1
        {% else %}
        {{ among_rows(feed) }}
        and ({{ keys }}) in ({{ repeated_keys(feed, names) }})
        {% endif %}
    order by _file_name, _file_row_number
    limit {{ most_names() + 1 }}
    {%- endset -%}
    {{ return(run_query(query).rows | map('list') | list) }}
{%- endmacro %}

{% macro among_rows(feed) -%}
    reject_reason is null
    {%- if feed.kind == 'state' %}
    and landed_date = (select max(landed_date) from {{ ref(feed.staging) }} where reject_reason is null)
    {%- endif -%}
{%- endmacro %}

{# the key of a row as text; chr(31) stands in no source text #}
{% macro key_text(key, alias) -%}
    {% for column in key %}cast({{ alias }}.{{ column }} as varchar){{ ' || chr(31) || ' if not loop.last }}{% endfor %}
{%- endmacro %}

{% macro forget_passed_over_rows() %}
    {%- set names = new_names(feed_pairs()) or {} -%}
    {%- set found = [] -%}
    {%- for feed in feeds() if (feed.source ~ '/' ~ feed.name) in names -%}{%- do found.append(feed) -%}{%- endfor -%}
    {%- if found %}
    delete from {{ this }}
    where
        {% for feed in found %}
        {{ 'or' if not loop.first }} (
            source_name = '{{ feed.source }}'
            and feed_name = '{{ feed.name }}'
            {% if feed.kind == 'log' %}
            and row_key in (
                select {{ key_text(feed.key, 'landed_again') }}
                from {{ built('silver', feed.staging) }} as landed_again
                where
                    reject_reason is null
                    and {{ in_new_files(names, [[feed.source, feed.name]], 'landed_again') }}
            )
            {% endif %}
        )
        {% endfor %}
    {% endif %}
{% endmacro %}

{% macro counted_rows(relation) %}
    select landed.*
    from {{ relation }} as landed
    left join {{ ref('int_passed_over_rows') }} as passed_over
        on
            landed._file_name = passed_over._file_name
            and landed._file_row_number = passed_over._file_row_number
            and landed._loaded_at = passed_over._loaded_at
    -- one condition over both sides: for two, of which one is pushed below the join, DuckDB guesses that a fifth of a fifth of the rows
    -- stay, takes the fact for the small side of the joins that follow, and hashes it whole instead of the dimensions
    where coalesce(landed.reject_reason, passed_over._file_name) is null
{% endmacro %}
