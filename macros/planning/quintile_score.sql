{#-
    Purpose: the score 1 to 5 of a member by the share of members that are worse: under a fifth 1, ..., four fifths and more 5. Ties have one rank
        and so one score; ntile would part them by row order. Products are compared, not quotients, so that both engines agree.
    Parameters: worse (how many members are worse: rank() - 1), members (how many there are).
    Usage: {{ quintile_score('recency_rank - 1', 'customers') }} as recency_score
-#}
{% macro quintile_score(worse, members) -%}
    cast(
        case
            when 5 * ({{ worse }}) < {{ members }} then 1
            when 5 * ({{ worse }}) < 2 * {{ members }} then 2
            when 5 * ({{ worse }}) < 3 * {{ members }} then 3
            when 5 * ({{ worse }}) < 4 * {{ members }} then 4
            else 5
        end as bigint
    )
{%- endmacro %}
