{#-
    The operational source keeps versions of items, stores, call centers, web sites and web pages itself: a row a version, with its
    first and (inclusive) last day. These three macros make one whole history of them: half-open, without gap or overlap.

    version_start: the first day of a version; one without a start begins where the one before it ends, else at the floor.
    valid_from: the first version of all holds from the floor, since lines are older than it; any other from its start.
    valid_to: where the next version starts; the last one holds for good.
    Parameters: durable (column that names the thing), version (its version, in the source's order), starts_on (from version_start).
    Usage: see int_ops__products.
-#}
{% macro version_start(durable, version) -%}
    coalesce(
        version_start_date,
        {{ add_days("lag(version_end_date) over (partition by " ~ durable ~ " order by " ~ version ~ " nulls last)", 1) }},
        {{ history_floor() }}
    )
{%- endmacro %}

{% macro valid_from(durable, starts_on, version) -%}
    cast(
        case
            when row_number() over (partition by {{ durable }} order by {{ starts_on }} nulls last, {{ version }} nulls last) = 1
                then {{ history_floor() }}
            else {{ starts_on }}
        end as timestamp
    )
{%- endmacro %}

{% macro valid_to(durable, starts_on, version) -%}
    cast(
        coalesce(
            lead({{ starts_on }}) over (partition by {{ durable }} order by {{ starts_on }} nulls last, {{ version }} nulls last),
            {{ history_ceiling() }}
        ) as timestamp
    )
{%- endmacro %}

{# before every sale: a first version is valid from here #}
{% macro history_floor() -%}date '1900-01-01'{%- endmacro %}

{# where the current version ends #}
{% macro history_ceiling() -%}date '9999-12-31'{%- endmacro %}
