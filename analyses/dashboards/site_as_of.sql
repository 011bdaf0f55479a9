-- The last business date that has landed: in the head of every page that has no as-of date of its own.
select as_of_date
from {{ ref('int_as_of_date') }}
