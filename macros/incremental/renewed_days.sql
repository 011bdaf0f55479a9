{#-
    How mart_sales_daily is kept up to date: the days are made anew on which a line or a return changed, was counted as its order's first line, or has
    a product that changed its category; and with each the day 364 days later, which compares itself with it. Where a source's first or last sale moves,
    so do the days that have a year before.

    begin_days: a pre-hook. It notes those days in int_renewed_rows, and removes them.
    end_days: a post-hook. It notes the categories and regions by which the model has grouped.
    renewed_days: the keys of those days, 364 days earlier where asked for: a subquery.
    Usage: see mart_sales_daily.
-#}
{% macro facts_of_days() -%}{{ return(['fct_sales', 'fct_returns']) }}{%- endmacro %}

{% macro region_of_member() -%}coalesce(country, 'Unknown') || chr(31) || coalesce(state, 'Unknown'){%- endmacro %}

{% macro category_of_member() -%}coalesce(category_name, 'Unknown'){%- endmacro %}

{% macro are_days_made_whole() -%}
    {{ return(is_made_whole(facts_of_days()) or has_changed_members('dim_locations', 'location_key', region_of_member())) }}
{%- endmacro %}

{% macro begin_days() -%}
    {%- do run_query("delete from " ~ built('silver', 'int_renewed_rows') ~ " where renewed_in = '" ~ this.name ~ "'") -%}
    {%- if not is_renewal() -%}
        {%- do run_query("delete from " ~ built('silver', 'int_taken_files') ~ " where taken_by = '" ~ this.name ~ "'") -%}
    {%- elif are_days_made_whole() -%}
        {%- do run_query("delete from " ~ this) -%}
    {%- else -%}
        {%- do run_query(note_days()) -%}
        {%- do run_query("delete from " ~ this ~ " where date_key in (" ~ renewed_days() ~ ")") -%}
    {%- endif -%}
{%- endmacro %}

{% macro end_days() -%}
    {%- do run_query(keep_members('dim_locations', 'location_key', region_of_member())) -%}
    {%- do run_query(keep_members('dim_products_history', 'product_key', category_of_member())) -%}
{%- endmacro %}

{% macro note_days() %}
    insert into {{ built('silver', 'int_renewed_rows') }} (renewed_in, reason, day)
    with changed_days as (
        {% for fact in facts_of_days() %}
        select changes.day
        from ({{ changed_rows(fact) }}) as changes
        union all
        {% endfor %}
        select lines.sold_date as day
        from {{ built('gold', 'fct_sales') }} as lines
        where
            (lines.source_name, lines.channel, lines.order_id) in (
                select
                    changes.source_name,
                    changes.channel,
                    changes.order_id
                from ({{ changed_rows('fct_sales') }}) as changes
            )
        union all
        select lines.sold_date as day
        from {{ built('gold', 'fct_sales') }} as lines
        where lines.product_key in ({{ changed_members('dim_products_history', 'product_key', category_of_member()) }})
        union all
        select returned_lines.returned_date as day
        from {{ built('gold', 'fct_returns') }} as returned_lines
        where returned_lines.product_key in ({{ changed_members('dim_products_history', 'product_key', category_of_member()) }})
    ),

    spans_before as (
        select
            source_name,
            min(date_day) as first_sold_date,
            max(date_day) as last_sold_date
        from {{ this }}
        where
            sold_lines > 0
            or cancelled_lines > 0
        group by source_name
    ),

    spans as (
        select
            source_name,
            min(sold_date) as first_sold_date,
            max(sold_date) as last_sold_date
        from {{ built('gold', 'fct_sales') }}
        group by source_name
    ),

    moved_spans as (
        select
            coalesce(spans.first_sold_date, spans_before.first_sold_date) as first_sold_date,
            coalesce(spans_before.first_sold_date, spans.first_sold_date) as first_sold_date_before,
            coalesce(spans.last_sold_date, spans_before.last_sold_date) as last_sold_date,
            coalesce(spans_before.last_sold_date, spans.last_sold_date) as last_sold_date_before
        from spans
        full outer join spans_before
            on spans.source_name = spans_before.source_name
    )

    select distinct
        '{{ this.name }}' as renewed_in,
        'day' as reason,
        day
    from (
        select day
        from changed_days
        union all
        select {{ add_days('day', 364) }} as day
        from changed_days
        union all
        select dates.date_day as day
        from {{ built('gold', 'dim_dates') }} as dates
        inner join moved_spans
            on
                dates.date_day between moved_spans.last_sold_date and moved_spans.last_sold_date_before
                or dates.date_day between moved_spans.last_sold_date_before and moved_spans.last_sold_date
                or dates.prior_year_date between moved_spans.first_sold_date and moved_spans.first_sold_date_before
                or dates.prior_year_date between moved_spans.first_sold_date_before and moved_spans.first_sold_date
    ) as days
{% endmacro %}

{% macro renewed_days(days_before=0) %}
    select {{ date_key(add_days('renewed.day', -days_before)) if days_before else date_key('renewed.day') }}
    from {{ built('silver', 'int_renewed_rows') }} as renewed
    where renewed.renewed_in = '{{ this.name }}'
{% endmacro %}
