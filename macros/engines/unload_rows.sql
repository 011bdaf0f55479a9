{#-
    Purpose: what `unload_gold` asks of an engine: where the processed zone is; to write a table into a folder of it as Parquet, by month of a
        date where there is one (`partition_month=YYYY-MM-01`), and count what is there; the statement that replaces current.json in one step;
        to remove the versions that neither count nor did so before.
    Parameters: relation, columns (list of names), date (column; none: whole), root (of the processed zone), folder (below it), rows (of the
        relation); content (JSON text); version (that counts now).
    Usage: unload_gold alone.
-#}
{% macro processed_zone() -%}
    {{ return(adapter.dispatch('processed_zone', 'retail')()) }}
{%- endmacro %}

{% macro unload_rows(relation, columns, date, root, folder, rows) -%}
    {{ return(adapter.dispatch('unload_rows', 'retail')(relation, columns, date, root, folder, rows)) }}
{%- endmacro %}

{% macro replace_current(root, content) -%}
    {{ return(adapter.dispatch('replace_current', 'retail')(root, content)) }}
{%- endmacro %}

{% macro remove_old_versions(root, version) -%}
    {{ return(adapter.dispatch('remove_old_versions', 'retail')(root, version)) }}
{%- endmacro %}

{# -- DuckDB ------------------------------------------------------------------------------------------------------- #}

{% macro duckdb__processed_zone() -%}
    {{ return(env_var('RETAIL_PROCESSED', '') or 'processed') }}
{%- endmacro %}

{# A partitioned table without rows would have no file, and nothing that says its columns #}
{% macro duckdb__unload_rows(relation, columns, date, root, folder, rows) -%}
    {%- set by_month = date and rows -%}
    {%- set places = folder.split('/') + (['partition_month=__HIVE_DEFAULT_PARTITION__'] if date and not rows else []) -%}
    {%- for depth in range(places | length) -%}
        {%- do run_query(duckdb_folder(([root] + places[:depth]) | join('/'))) -%}
    {%- endfor -%}
    {%- set options = ['format parquet', 'compression zstd', "filename_pattern '" ~ relation.identifier ~ "_{i}'"] -%}
    {%- do options.append('partition_by (partition_month)' if by_month else 'per_thread_output true') -%}
    {%- set query -%}
        select
            {{ columns | join(', ') }}
            {%- if by_month %}, cast(date_trunc('month', {{ date }}) as date) as partition_month {%- endif %}
        from {{ relation }}
    {%- endset -%}
    {%- set place = root ~ '/' ~ places | join('/') -%}
    {%- do run_query("copy (" ~ query ~ ") to '" ~ place ~ "' (" ~ options | join(', ') ~ ")") -%}
    {%- set files = root ~ '/' ~ folder ~ '/**/*.parquet' -%}
    {{ return(run_query("select count(*) from read_parquet('" ~ files ~ "')").rows[0][0]) }}
{%- endmacro %}

{# COPY makes one folder, not the one above it; without a row it makes it alone #}
{% macro duckdb_folder(path) -%}
    copy (select 1 as nothing, 1 as part where false) to '{{ path }}' (format parquet, partition_by (part), overwrite_or_ignore true)
{%- endmacro %}

{# Beside it first, then renamed over it #}
{% macro duckdb__replace_current(root, content) -%}
    copy (select unnest(from_json({{ text_literal(content) }}, '{"version": "varchar", "folder": "varchar", "models": [{"model": "varchar", "folder": "varchar", "row_count": "bigint", "partitioned_by": "varchar"}]}')))
    to '{{ root }}/current.json' (format json, use_tmp_file true)
{%- endmacro %}

{# SQL removes no files: `retail unload` does #}
{% macro duckdb__remove_old_versions(root, version) -%}
{%- endmacro %}

{# -- Snowflake ----------------------------------------------------------------------------------------------------- #}

{% macro default__processed_zone() -%}
    {{ return('@' ~ target.database ~ '.gold.processed') }}
{%- endmacro %}

{# Names in lower case, as on DuckDB; bytes a file: what readers of Parquet like #}
{% macro default__unload_rows(relation, columns, date, root, folder, rows) -%}
    {%- set statement -%}
        copy into {{ root }}/{{ folder }}/
        from (select {% for column in columns %}{{ column }} as "{{ column }}"{{ ', ' if not loop.last }}{% endfor %} from {{ relation }})
        {%- if date %}
        partition by ('partition_month=' || coalesce(to_char("{{ date }}", 'YYYY-MM') || '-01', '__HIVE_DEFAULT_PARTITION__'))
        {%- endif %}
        file_format = (type = parquet)
        header = true
        max_file_size = 134217728
    {%- endset -%}
    {{ return(run_query(statement).rows[0][0]) }}
{%- endmacro %}

{% macro default__replace_current(root, content) -%}
    copy into {{ root }}/current.json
    from (select parse_json({{ text_literal(content) }}))
    file_format = (type = json, compression = none)
    single = true
    overwrite = true
{%- endmacro %}

{# The newest three stay: this one, the one before, and one that stopped half-way between them #}
{% macro default__remove_old_versions(root, version) -%}
    {%- set versions = [] -%}
    {%- for file in run_query('list ' ~ root ~ '/versions/').rows -%}
        {%- do versions.append(file[0].split('/versions/')[1].split('/')[0]) -%}
    {%- endfor -%}
    {%- for old in (versions | unique | sort)[:-3] -%}
        {%- do run_query('remove ' ~ root ~ '/versions/' ~ old ~ '/') -%}
    {%- endfor -%}
{%- endmacro %}
