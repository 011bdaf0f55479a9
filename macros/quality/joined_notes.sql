{#-
    Purpose: one text of the notes whose condition holds, joined by "; "; null where none does.
    Parameters: notes (list of [condition, note]).
    Usage: {{ joined_notes([["total_text is null", "total from quantity x price"]]) }} as repairs
-#}
{% macro joined_notes(notes) -%}
    nullif(
        rtrim(
            {% for condition, note in notes %}case when {{ condition }} then '{{ note }}; ' else '' end{{ ' || ' if not loop.last }}
            {% endfor %}, '; '
        ), ''
    )
{%- endmacro %}
