{#-
    Purpose: gold as Parquet in the processed zone: `versions/<version>/<model>/`, whole or by month of the date that the model's
        `meta: {partition_date: …}` names, columns about persons (`meta: {pii: true}`) left out. `current.json` says which version counts and is
        replaced last, in one step: a reader sees the old one or the new one. A table of which not every row was written stops it before that.
    Parameters: folder (of the processed zone; by default RETAIL_PROCESSED, on Snowflake the stage gold.processed), version (a name that no other
        run has; by default the time at which dbt started).
    Usage: dbt run-operation unload_gold, after a build; `retail unload` also removes old versions.
-#}
{% macro unload_gold(folder=none, version=none) %}
    {%- set root = folder or processed_zone() -%}
    {%- set version = version or run_started_at.strftime('%Y%m%dT%H%M%S%f') ~ 'Z' -%}
    {%- set written = [] -%}
    {%- set models = gold_models() -%}
    {%- for node in models -%}
        {%- do written.append(unload_model(node, root, 'versions/' ~ version)) -%}
        {%- do log('unloaded ' ~ loop.index ~ '/' ~ (models | length) ~ ' ' ~ node.name, info=true) -%}
    {%- endfor -%}
    {%- set content = {'version': version, 'folder': 'versions/' ~ version, 'models': written} -%}
    {%- do run_query(replace_current(root, tojson(content, sort_keys=false))) -%}
    {%- do remove_old_versions(root, version) -%}
{% endmacro %}

{# Tables and views of gold, by name #}
{% macro gold_models() -%}
    {{ return(
        graph.nodes.values()
        | selectattr('resource_type', 'equalto', 'model')
        | selectattr('config.schema', 'equalto', 'gold')
        | sort(attribute='name')
        | list
    ) }}
{%- endmacro %}

{# Writes one model below `root`; what current.json says of it #}
{% macro unload_model(node, root, version_folder) -%}
    {%- set columns = [] -%}
    {%- for column in node.columns.values() if not column.config.meta.get('pii') -%}
        {%- do columns.append(column.name) -%}
    {%- endfor -%}
    {%- set relation = api.Relation.create(database=node.database, schema=node.schema, identifier=node.alias) -%}
    {%- set rows = run_query('select count(*) as row_count from ' ~ relation).rows[0][0] | int -%}
    {%- set date = node.config.meta.get('partition_date') -%}
    {%- set folder = version_folder ~ '/' ~ node.name -%}
    {%- set unloaded = unload_rows(relation, columns, date, root, folder, rows) | int -%}
    {%- if unloaded != rows -%}
        {{ exceptions.raise_compiler_error(node.name ~ ': ' ~ rows ~ ' rows in gold, but ' ~ unloaded ~ ' unloaded; what was unloaded before still counts') }}
    {%- endif -%}
    {{ return({'model': node.name, 'folder': folder, 'row_count': rows, 'partitioned_by': 'partition_month' if date else none}) }}
{%- endmacro %}
