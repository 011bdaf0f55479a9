{#-
    Purpose: a cast that gives null where the text does not fit. dbt's default on DuckDB is a plain cast, which stops the model.
    Parameters: field (text expression), type (a type both engines know).
    Usage: {{ dbt.safe_cast('inv_date', 'date') }}
-#}
{% macro duckdb__safe_cast(field, type) %}
    try_cast({{ field }} as {{ type }})
{% endmacro %}
