{#-
    Whether the members of a dimension still have an attribute by which a model groups: what it was when the model last looked is kept, member by
    member, in int_kept_fingerprints. Members that came since change nothing: no row that the model has seen names them.

    changed_members: the keys of those that changed: a subquery.
    has_changed_members: whether there are any.
    keep_members: a post-hook: notes them as they are.
    Parameters: dimension, key (its column), attribute (expression over its columns).
    Usage: see mart_sales_daily.
-#}
{% macro changed_members(dimension, key, attribute) %}
    select kept.part_name
    from {{ built('silver', 'int_kept_fingerprints') }} as kept
    inner join (select {{ key }} as member_key, {{ attribute }} as attribute from {{ built('gold', dimension) }}) as members
        on kept.part_name = members.member_key
    where
        kept.kept_by = '{{ this.name }}'
        and kept.dimension_name = '{{ dimension }}'
        and kept.fingerprint is distinct from members.attribute
{% endmacro %}

{% macro has_changed_members(dimension, key, attribute) -%}
    {%- if not (execute and is_renewal() and flags.WHICH in ['build', 'run', 'retry']) -%}{{ return(false) }}{%- endif -%}
    {{ return(run_query(changed_members(dimension, key, attribute) ~ ' limit 1').rows | length > 0) }}
{%- endmacro %}

{% macro keep_members(dimension, key, attribute) -%}
    {%- set query -%}
    delete from {{ built('silver', 'int_kept_fingerprints') }}
    where
        kept_by = '{{ this.name }}'
        and dimension_name = '{{ dimension }}'
    {%- endset -%}
    {%- do run_query(query) -%}
    insert into {{ built('silver', 'int_kept_fingerprints') }} (kept_by, dimension_name, part_name, fingerprint)
    select
        '{{ this.name }}' as kept_by,
        '{{ dimension }}' as dimension_name,
        {{ key }} as part_name,
        {{ attribute }} as fingerprint
    from {{ built('gold', dimension) }}
{%- endmacro %}
