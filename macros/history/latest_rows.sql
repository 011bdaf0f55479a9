{#-
    Purpose: of the accepted rows with one key, the last in the order of rows: business date of the extract, path, row number, compared as
        bytes; never the order of arrival. The others are superseded, or repeats. A file that was loaded twice counts once.
    Nearly every key lands once, so only the keys that landed again are ranked: a window over the whole feed would sort and keep
        every column of it.
    Parameters: relation (a staging relation), key (list of its columns).
    Usage: with sales as ({{ latest_rows(ref('stg_ops__web_sales'), ['order_number', 'item_id']) }})
-#}
{% macro latest_rows(relation, key) %}
    select landed.*
    from {{ relation }} as landed
    left join (
        select
            _file_name,
            _file_row_number,
            _loaded_at
        from ({{ repeated_rows(relation, key) }}) as ranked
        group by _file_name, _file_row_number, _loaded_at
        having min(place) > 1
    ) as replaced
        on
            landed._file_name = replaced._file_name
            and landed._file_row_number = replaced._file_row_number
            and landed._loaded_at = replaced._loaded_at
    -- one condition over both sides: for two, of which one is pushed below the join, DuckDB guesses that a fifth of a fifth of the rows
    -- stay, takes the fact for the small side of the joins that follow, and hashes it whole instead of the dimensions
    where coalesce(landed.reject_reason, replaced._file_name) is null
{% endmacro %}

{#-
    Purpose: the accepted rows whose key landed more than once, with their place: 1 is the one that counts.
    Parameters: relation, key as above.
-#}
{% macro repeated_rows(relation, key) %}
    select
        {% for column in key %}landed_again.{{ column }},
        {% endfor %}
        landed_again._file_name,
        landed_again._file_row_number,
        landed_again._loaded_at,
        row_number() over (
            partition by {% for column in key %}landed_again.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
            order by
                landed_again.landed_date desc nulls last, landed_again._file_name desc nulls last,
                landed_again._file_row_number desc nulls last, landed_again._loaded_at desc nulls last
        ) as place
    from {{ relation }} as landed_again
    where
        reject_reason is null
        and ({% for column in key %}landed_again.{{ column }}{{ ', ' if not loop.last }}{% endfor %}) in (
            select {{ key | join(', ') }}
            from {{ relation }}
            where reject_reason is null
            group by {{ key | join(', ') }}
            having count(*) > 1
        )
{% endmacro %}
