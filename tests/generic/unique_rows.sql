{#-
    No two rows have the same values in these columns: the primary key of a table that has more than one column in it.
    Arguments: columns (list).
-#}
{% test unique_rows(model, columns) %}
select
    {{ columns | join(', ') }},
    count(*) as row_count
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}
