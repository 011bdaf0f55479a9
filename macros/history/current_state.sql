{#-
    Purpose: the current state of a feed that shows only its current state: the accepted rows of its newest extract (the greatest business
        date in a path). A key that is missing from it was deleted.
    Parameters: relation (a staging relation), key (list of its columns).
    Usage: with warehouses as ({{ current_state(ref('stg_ops__warehouses'), ['warehouse_id']) }})
-#}
{% macro current_state(relation, key) %}
    select *
    from {{ relation }}
    where
        reject_reason is null
        and landed_date = (select max(landed_date) from {{ relation }} where reject_reason is null)
    qualify
        row_number() over (
            partition by {{ key | join(', ') }}
            order by _file_name desc nulls last, _file_row_number desc nulls last, _loaded_at desc nulls last
        ) = 1
{% endmacro %}
