{#-
    Purpose: the day of the extract that a snapshot takes in this run, as a date expression; null where none waits. Each extract is taken once, in
        order of dt: with RETAIL_REPLAY_EXTRACTS set the oldest that waits (`retail load` and `retail rebuild-history` run until none does), else the
        newest, since a plain `dbt build` runs a snapshot once. What it leaves out, and what is older than the snapshot, is said. A file that lands later
        under the day taken last makes that day anew. More than `vanished_share_stop` of the keys missing from an extract is a question to a person.
    Parameters: snapshot (of kept_histories), aloud (whether to say what is left out).
    Usage: {% set extract = extract_to_take('ops__customers') %} ... {{ current_state(ref('stg_ops__customers'), ['customer_id'], until=extract) }}
-#}
{% macro extract_to_take(snapshot, aloud=false) -%}
    {%- if not execute or flags.WHICH not in ['build', 'run', 'snapshot', 'retry'] -%}{{ return("cast(null as date)") }}{%- endif -%}
    {%- set held, unseen = [], [] -%}
    {%- for row in run_query(files_of_extracts(snapshot)) if row[0] | string not in refused_extracts() -%}
        {%- do (held if row[1] else unseen).append(row[0] | string) -%}
    {%- endfor -%}
    {%- set last = held | max if held else '' -%}
    {%- set waiting = unseen | select('>=', last) | list -%}
    {%- set older = unseen | select('<', last) | list -%}
    {%- if not waiting -%}
        {%- set taken = [] -%}
    {%- elif env_var('RETAIL_REPLAY_EXTRACTS', '') -%}
        {%- set taken = [waiting | min] -%}
    {%- else -%}
        {%- set taken = [waiting | max] -%}
    {%- endif -%}
    {%- set left_out = older + (waiting | reject('in', taken) | list if not env_var('RETAIL_REPLAY_EXTRACTS', '') else []) -%}
    {%- if aloud and left_out -%}
        {%- do exceptions.warn(
            "snapshot " ~ snapshot ~ ": the history leaves out the extracts of " ~ left_out | sort | join(', ')
            ~ ", older than the newest one it holds or takes now. `retail rebuild-history` puts them in their place."
        ) -%}
    {%- endif -%}
    {%- if aloud -%}
        {#- for scripts/retail/history.py, which runs until nothing waits -#}
        {%- do log("extract taken: " ~ snapshot ~ " " ~ (taken | first or 'none') ~ ", waiting: " ~ (waiting | length - taken | length)) -%}
    {%- endif -%}
    {%- if not taken -%}{{ return("cast(null as date)") }}{%- endif -%}
    {%- set extract = "cast('" ~ taken[0] ~ "' as date)" -%}
    {%- if aloud -%}{%- do stop_if_many_vanished(snapshot, taken[0], extract) -%}{%- endif -%}
    {{ return(extract) }}
{%- endmacro %}

{# The days of a snapshot's extracts, and whether it has taken their files; a day of which it has taken some is there twice #}
{% macro files_of_extracts(snapshot) %}
    {%- set history = kept_histories()[snapshot] -%}
    select
        cast(files.landed_date as varchar) as extract_date,
        taken.file_name is not null as is_taken
    from {{ built('silver', 'stg_landing__files') }} as files
    left join {{ built('silver', 'int_taken_files') }} as taken
        on
            files._file_name = taken.file_name
            and taken.taken_by = '{{ snapshot }}'
    where
        files.source_name = '{{ history.source }}'
        and files.feed_name in ('{{ history.feeds | join("', '") }}')
        and files.landed_date is not null
    group by files.landed_date, taken.file_name is not null
{% endmacro %}

{# The days of extracts that somebody found broken: the histories leave them out #}
{% macro refused_extracts() -%}
    {{ return(var('refused_extracts') | map('string') | list) }}
{%- endmacro %}

{# A relation by its layer and name, for what runs after the project is parsed: hooks, and snapshots that read themselves #}
{% macro built(layer, name) -%}
    {{ return(api.Relation.create(database=target.database, schema=generate_schema_name(layer, none), identifier=name)) }}
{%- endmacro %}

{# A key that is missing from a whole extract was deleted; when many are missing, the extract may not be whole #}
{% macro stop_if_many_vanished(snapshot, extract_date, extract) -%}
    {%- set history = kept_histories()[snapshot] -%}
    {%- set answered = var('whole_extracts') | map('string') | list -%}
    {%- set kept = load_relation(built('snapshots', snapshot)) -%}
    {%- if kept and extract_date not in answered -%}
        {%- set row = run_query(vanished_keys(history, kept, extract)).rows[0] -%}
        {%- if row[1] > row[0] * (var('vanished_share_stop') | float) -%}
            {{ exceptions.raise_compiler_error(
                "snapshot " ~ snapshot ~ ": " ~ row[1] ~ " of " ~ row[0] ~ " keys are missing from the extract of " ~ extract_date ~ " (feed "
                ~ history.source ~ "." ~ history.feeds[0] ~ "). Is it whole? If so, add " ~ extract_date
                ~ " to `whole_extracts` in dbt_project.yml: they count as deleted. If not, add it to `refused_extracts`, and land a whole one under a later dt."
                ~ " Nothing of it was taken."
            ) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{% macro vanished_keys(history, kept, extract) %}
    {%- set staging = built('silver', history.staging) -%}
    select
        count(*) as known_keys,
        count(case when extracted.extracted_key is null then 1 end) as missing_keys
    from (
        select cast({{ history.key }} as varchar) as known_key
        from {{ kept }}
        where
            not is_deleted
            and dbt_valid_from < {{ extract }}
            and dbt_valid_to >= {{ extract }}
    ) as known
    left join (
        select distinct cast({{ history.staging_key }} as varchar) as extracted_key
        from {{ staging }}
        where
            reject_reason is null
            and landed_date = (
                select max(landed_date)
                from {{ staging }}
                where
                    reject_reason is null
                    and {{ taken_until(extract) }}
            )
    ) as extracted
        on known.known_key = extracted.extracted_key
{% endmacro %}
