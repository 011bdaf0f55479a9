{#-
    Purpose: of the accepted rows of each group, the newest in the order of rows: business date, path, row number. For what is described by
        the newest row that names it. Rows that name no group are left out.
    They are ranked on few columns and then joined: a window keeps every column that it is given.
    Parameters: relation (a staging relation), group_by (expression over its columns).
    Usage: with newest as ({{ newest_rows(ref('stg_marketplace__transactions'), 'customer_id') }})
-#}
{% macro newest_rows(relation, group_by) %}
    select landed.*
    from {{ relation }} as landed
    inner join (
        select
            _file_name,
            _file_row_number,
            _loaded_at
        from {{ relation }}
        where
            reject_reason is null
            and {{ group_by }} is not null
        qualify
            row_number() over (
                partition by {{ group_by }}
                order by
                    landed_date desc nulls last, _file_name desc nulls last, _file_row_number desc nulls last, _loaded_at desc nulls last
            ) = 1
    ) as newest
        on
            landed._file_name = newest._file_name
            and landed._file_row_number = newest._file_row_number
            and landed._loaded_at = newest._loaded_at
{% endmacro %}
