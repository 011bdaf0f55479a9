{#-
    For a large dimension that is made of state extracts alone: it is made anew, as a whole, on the nights on which one landed, and stays as it is
    on the others.

    is_landed_anew: whether it is made tonight.
    clear_if_landed_anew: a pre-hook: then it is emptied.
    Parameters: feeds (list of [source, feed]).
    Usage: see dim_customer_demographics. forget_files and take_files follow as post-hooks.
-#}
{% macro is_landed_anew(feeds) -%}
    {%- if not is_renewal() -%}{{ return(true) }}{%- endif -%}
    {{ return((new_names(feeds) | length > 0) or has_gone_files()) }}
{%- endmacro %}

{% macro clear_if_landed_anew(feeds) -%}
    {%- if is_renewal() and is_landed_anew(feeds) -%}
        delete from {{ this }}
    {%- endif -%}
{%- endmacro %}
