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
            {% for column in key %}ranked.{{ column }}, {% endfor %}ranked._file_name, ranked._file_row_number, ranked._loaded_at
        from (
            select
                repeated.*,
                row_number() over (
                    partition by {% for column in key %}repeated.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
                    order by
                        repeated.landed_date desc nulls last, repeated._file_name desc nulls last,
                        repeated._file_row_number desc nulls last, repeated._loaded_at desc nulls last
                ) as place
            from (
                select
                    {% for column in key %}landed_again.{{ column }}, {% endfor %}landed_again.landed_date,
                    landed_again._file_name, landed_again._file_row_number, landed_again._loaded_at
                from {{ relation }} as landed_again
                inner join (
                    select {% for column in key %}{{ column }}{{ ', ' if not loop.last }}{% endfor %}
                    from {{ relation }}
                    where reject_reason is null
                    group by {% for column in key %}{{ column }}{{ ', ' if not loop.last }}{% endfor %}
                    having count(*) > 1
                ) as repeated_keys
                    on {% for column in key %}landed_again.{{ column }} = repeated_keys.{{ column }}{{ ' and ' if not loop.last }}{% endfor %}
                where landed_again.reject_reason is null
            ) as repeated
        ) as ranked
        where ranked.place = 1
    ) as latest
        on {% for column in key %}landed.{{ column }} = latest.{{ column }}{{ ' and ' if not loop.last }}{% endfor %}
    where
        landed.reject_reason is null
        and (
            latest._file_name is null
            or (
                landed._file_name = latest._file_name
                and landed._file_row_number = latest._file_row_number
                and landed._loaded_at = latest._loaded_at
            )
        )
{% endmacro %}
