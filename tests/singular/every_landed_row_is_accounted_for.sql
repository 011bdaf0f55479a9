-- A row that the loader read and that is neither in bronze nor among the rejects is lost, or was loaded twice. Nothing is tolerated.
-- Who acts: whoever runs the loader; `audit_row_accounting` names the file.
select *
from {{ ref('audit_row_accounting') }}
where
    unexplained_rows != 0
    or accepted_rows < 0
