{#-
    Whether the members of a dimension are those that a model has seen: a fingerprint of the columns that it reads, by source, kept in
    int_kept_fingerprints. Dimensions are built anew each night; most nights nothing in them changes.

    look_at_dimensions: notes the fingerprints as they are.
    changed_dimensions: of those noted, the sources whose members differ from what was kept: {dimension: [source]}.
    keep_fingerprints: keeps them. Killed before it, the model compares again.
    Parameters: model (who looks), columns ({dimension: [column]}).
    Usage: see renewed_rows.sql.
-#}
{% macro look_at_dimensions(model, columns) -%}
    {%- do run_query("delete from " ~ built('silver', 'int_kept_fingerprints') ~ " where kept_by = '" ~ model ~ " tonight'") -%}
    {%- do run_query(fingerprints_of_dimensions(model, columns)) -%}
{%- endmacro %}

{% macro fingerprints_of_dimensions(model, columns) %}
    insert into {{ built('silver', 'int_kept_fingerprints') }} (kept_by, dimension_name, part_name, fingerprint)
    {% for name, read in columns.items() %}
    select
        '{{ model }} tonight' as kept_by,
        '{{ name }}' as dimension_name,
        coalesce(source_name, '') as part_name,
        {{ fingerprint(read) }} as fingerprint
    from {{ built('gold', name) }}
    group by coalesce(source_name, '')
    {{ 'union all' if not loop.last }}
    {% endfor %}
{% endmacro %}

{% macro changed_dimensions(model) -%}
    {%- set query -%}
    select
        dimension_name,
        part_name
    from {{ built('silver', 'int_kept_fingerprints') }}
    where kept_by in ('{{ model }}', '{{ model }} tonight')
    group by dimension_name, part_name
    having
        count(*) < 2
        or min(fingerprint) != max(fingerprint)
    {%- endset -%}
    {%- set found = {} -%}
    {%- for row in run_query(query).rows -%}{%- do found.setdefault(row[0], []).append(row[1]) -%}{%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{% macro keep_fingerprints(model) -%}
    {%- set kept = built('silver', 'int_kept_fingerprints') -%}
    {%- do run_query("delete from " ~ kept ~ " where kept_by = '" ~ model ~ "'") -%}
    {%- do run_query("update " ~ kept ~ " set kept_by = '" ~ model ~ "' where kept_by = '" ~ model ~ " tonight'") -%}
{%- endmacro %}
