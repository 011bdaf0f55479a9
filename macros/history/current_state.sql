{#-
    Purpose: the state of a feed that shows only its current state: the accepted rows of its newest extract (the greatest business
        date in a path). A key that is missing from it was deleted.
    Parameters: relation (a staging relation), key (list of its columns), until (date expression: the state on that day; default: the newest);
        wanted (false: no rows, for a night that needs none).
    Usage: with warehouses as ({{ current_state(ref('stg_ops__warehouses'), ['warehouse_id']) }})
-#}
{% macro current_state(relation, key, until=none, wanted=true) %}
    select *
    from {{ relation }}
    where
        reject_reason is null
        and landed_date = (
            select max(landed_date)
            from {{ relation }}
            where
                reject_reason is null
                {% if until %}and {{ taken_until(until) }}{% endif %}
        )
        {% if not wanted %}and false{% endif %}
    qualify
        row_number() over (
            partition by {{ key | join(', ') }}
            order by _file_name desc nulls last, _file_row_number desc nulls last, _loaded_at desc nulls last
        ) = 1
{% endmacro %}

{# the extracts up to a day, without those that somebody refused #}
{% macro taken_until(until) -%}
    landed_date <= {{ until }}
    {%- if refused_extracts() %} and cast(landed_date as varchar) not in ('{{ refused_extracts() | join("', '") }}'){% endif %}
{%- endmacro %}
