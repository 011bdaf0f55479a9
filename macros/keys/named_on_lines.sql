{#-
    Purpose: what the sales lines name, where a source has no list of it: each value once, in the spelling that most lines have.
    Parameters: id, name (columns of int_sales_lines: the value in lower case, and as it stands).
    Usage: with chosen as ({{ named_on_lines('source_payment_method_id', 'payment_method_name') }})
-#}
{% macro named_on_lines(id, name) %}
    select
        source_name,
        {{ id }},
        {{ name }}
    from {{ ref('int_sales_lines') }}
    where
        {{ id }} is not null
        and {{ name }} is not null
    group by source_name, {{ id }}, {{ name }}
    qualify
        row_number() over (
            partition by source_name, {{ id }}
            order by count(*) desc nulls last, {{ name }} desc nulls last
        ) = 1
{% endmacro %}
