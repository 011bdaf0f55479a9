{#-
    How mart_product_performance is kept up to date: the weeks are made anew, for all products, in which a line, a return or a count changed, since ranks
    are among all that sold; and with each the week after and the week 364 days later, which compare themselves with it. Where a source's first or last
    sale moves, so do the weeks that have something to compare with. And of a product whose weeks now begin or end elsewhere, those in between.

    begin_product_weeks: a pre-hook. It notes in int_renewed_rows those weeks (`week`), and those weeks of single products (`cell`), and removes them.
    end_product_weeks: a post-hook. What holds for all weeks of a product or a day: its name, brand, class and category as they are now, and whether
        the week has ended.
    renewed_weeks: the weeks, of all products or of single ones; moved by some days where asked for: a subquery.
    Usage: see mart_product_performance.
-#}
{% macro facts_of_product_weeks() -%}{{ return(['fct_sales', 'fct_returns', 'fct_stock_counts']) }}{%- endmacro %}

{% macro begin_product_weeks() -%}
    {%- do run_query("delete from " ~ built('silver', 'int_renewed_rows') ~ " where renewed_in = '" ~ this.name ~ "'") -%}
    {%- if not is_renewal() -%}
        {%- do run_query("delete from " ~ built('silver', 'int_taken_files') ~ " where taken_by = '" ~ this.name ~ "'") -%}
    {%- elif is_made_whole(facts_of_product_weeks()) -%}
        {%- do run_query("delete from " ~ this) -%}
    {%- else -%}
        {%- do run_query(note_weeks()) -%}
        {%- do run_query(note_weeks_of_products()) -%}
        {%- do run_query(delete_product_weeks()) -%}
    {%- endif -%}
{%- endmacro %}

{% macro changed_product_days() %}
    {% for fact in facts_of_product_weeks() %}
    select
        changes.product_id,
        changes.day
    from ({{ changed_rows(fact) }}) as changes
    {{ 'union all' if not loop.last }}
    {% endfor %}
{% endmacro %}

{% macro note_weeks() %}
    insert into {{ built('silver', 'int_renewed_rows') }} (renewed_in, reason, day)
    with changed_weeks as (
        select distinct dates.week_start_date as day
        from ({{ changed_product_days() }}) as changes
        inner join {{ built('gold', 'dim_dates') }} as dates
            on {{ date_key('changes.day') }} = dates.date_key
    ),

    spans_before as (
        select
            source_name,
            min(week_start_date) as first_week,
            max(week_start_date) as last_week
        from {{ this }}
        where
            product_id != 'unknown'
            and (sold_lines > 0 or cancelled_lines > 0)
        group by source_name
    ),

    product_spans as (
        select
            product_id,
            min(sold_date) as first_day,
            max(sold_date) as last_day
        from {{ built('gold', 'fct_sales') }}
        where product_id != 'unknown'
        group by product_id
    ),

    source_days as (
        select
            products.source_name,
            min(product_spans.first_day) as first_day,
            max(product_spans.last_day) as last_day
        from product_spans
        inner join {{ built('gold', 'dim_products') }} as products
            on product_spans.product_id = products.product_id
        group by products.source_name
    ),

    spans as (
        select
            source_days.source_name,
            first_dates.week_start_date as first_week,
            last_dates.week_start_date as last_week
        from source_days
        inner join {{ built('gold', 'dim_dates') }} as first_dates
            on source_days.first_day = first_dates.date_day
        inner join {{ built('gold', 'dim_dates') }} as last_dates
            on source_days.last_day = last_dates.date_day
    ),

    moved_spans as (
        select
            coalesce(spans.first_week, spans_before.first_week) as first_week,
            coalesce(spans_before.first_week, spans.first_week) as first_week_before,
            coalesce(spans.last_week, spans_before.last_week) as last_week,
            coalesce(spans_before.last_week, spans.last_week) as last_week_before
        from spans
        full outer join spans_before
            on spans.source_name = spans_before.source_name
    ),

    -- what is compared with the weeks between the first sale that was and the one that is
    weeks_at_the_start as (
        select dates.week_start_date
        from {{ built('gold', 'dim_dates') }} as dates
        inner join moved_spans
            on
                moved_spans.first_week != moved_spans.first_week_before
                and (
                    dates.week_start_date between moved_spans.first_week and moved_spans.first_week_before
                    or dates.week_start_date between moved_spans.first_week_before and moved_spans.first_week
                )
    )

    select distinct
        '{{ this.name }}' as renewed_in,
        'week' as reason,
        day
    from (
        select day
        from changed_weeks
        union all
        select {{ add_days('day', 7) }} as day
        from changed_weeks
        union all
        select {{ add_days('day', 364) }} as day
        from changed_weeks
        union all
        select dates.week_start_date as day
        from {{ built('gold', 'dim_dates') }} as dates
        inner join moved_spans
            on
                dates.week_start_date between moved_spans.last_week and moved_spans.last_week_before
                or dates.week_start_date between moved_spans.last_week_before and moved_spans.last_week
        union all
        select {{ add_days('week_start_date', 7) }} as day
        from weeks_at_the_start
        union all
        select {{ add_days('week_start_date', 364) }} as day
        from weeks_at_the_start
    ) as weeks
{% endmacro %}

{# the weeks by which a product's span has grown or shrunk #}
{% macro note_weeks_of_products() %}
    insert into {{ built('silver', 'int_renewed_rows') }} (renewed_in, reason, member_id, day)
    with changed_products as (
        select distinct product_id
        from ({{ changed_product_days() }}) as changes
    ),

    spans_before as (
        select
            product_id,
            min(week_start_date) as first_week,
            max(week_start_date) as last_week
        from {{ this }}
        where
            week_start_date is not null
            and product_id in (select changed_products.product_id from changed_products)
        group by product_id
    ),

    active_days as (
        {{ active_days_of_products() }}
    ),

    spans as (
        select
            active_days.product_id,
            min(first_dates.week_start_date) as first_week,
            max(last_dates.week_start_date) as last_week
        from active_days
        inner join {{ built('gold', 'dim_dates') }} as first_dates
            on active_days.first_day = first_dates.date_day
        inner join {{ built('gold', 'dim_dates') }} as last_dates
            on active_days.last_day = last_dates.date_day
        where active_days.product_id in (select changed_products.product_id from changed_products)
        group by active_days.product_id
    )

    select distinct
        '{{ this.name }}' as renewed_in,
        'cell' as reason,
        coalesce(spans.product_id, spans_before.product_id) as member_id,
        weeks.week_start_date as day
    from spans
    full outer join spans_before
        on spans.product_id = spans_before.product_id
    inner join {{ built('gold', 'dim_dates') }} as weeks
        on
            coalesce(weeks.week_start_date between spans.first_week and spans.last_week, false)
            != coalesce(weeks.week_start_date between spans_before.first_week and spans_before.last_week, false)
{% endmacro %}

{# first and last day of a product in each of the facts #}
{% macro active_days_of_products() %}
    select
        product_id,
        min(sold_date) as first_day,
        max(sold_date) as last_day
    from {{ built('gold', 'fct_sales') }}
    group by product_id
    union all
    select
        product_id,
        min(returned_date) as first_day,
        max(returned_date) as last_day
    from {{ built('gold', 'fct_returns') }}
    group by product_id
    union all
    select
        product_id,
        min(week_start_date) as first_day,
        max(week_start_date) as last_day
    from {{ built('gold', 'fct_weekly_sales_inventory') }}
    group by product_id
{% endmacro %}

{% macro delete_product_weeks() %}
    delete from {{ this }}
    where
        week_start_date_key in (
            select {{ date_key('weeks.day') }}
            from {{ built('silver', 'int_renewed_rows') }} as weeks
            where
                weeks.renewed_in = '{{ this.name }}'
                and weeks.reason = 'week'
        )
        or (product_id, week_start_date_key) in (
            select
                cells.member_id,
                {{ date_key('cells.day') }}
            from {{ built('silver', 'int_renewed_rows') }} as cells
            where
                cells.renewed_in = '{{ this.name }}'
                and cells.reason = 'cell'
        )
{% endmacro %}

{% macro renewed_weeks(reason, days=[0]) %}
    {% for moved_by in days %}
    select
        renewed.member_id as product_id,
        {{ date_key(add_days('renewed.day', moved_by)) if moved_by else date_key('renewed.day') }} as week_start_date_key
    from {{ built('silver', 'int_renewed_rows') }} as renewed
    where
        renewed.renewed_in = '{{ this.name }}'
        and renewed.reason = '{{ reason }}'
    {{ 'union all' if not loop.last }}
    {% endfor %}
{% endmacro %}

{% macro end_product_weeks() -%}
    {%- set columns = {'dim_products': ['product_id', 'product_name', 'brand_name', 'class_name', 'category_name']} -%}
    {%- do look_at_dimensions(this.name, columns) -%}
    {%- if is_renewal() -%}
        {%- do run_query(date_weeks()) -%}
        {%- if changed_dimensions(this.name) -%}
            {%- do run_query(describe_products()) -%}
        {%- endif -%}
    {%- endif -%}
    {%- do keep_fingerprints(this.name) -%}
{%- endmacro %}

{% macro describe_products() %}
    update {{ this }}
    set
        product_name = described.name_now,
        brand_name = described.brand_now,
        class_name = described.class_now,
        category_name = described.category_now
    from (
        select distinct
            products.product_id as id,
            products.product_name as name_now,
            products.brand_name as brand_now,
            products.class_name as class_now,
            products.category_name as category_now
        from {{ this }} as stored
        inner join {{ built('gold', 'dim_products') }} as products
            on stored.product_id = products.product_id
        where
            stored.product_name is distinct from products.product_name
            or stored.brand_name is distinct from products.brand_name
            or stored.class_name is distinct from products.class_name
            or stored.category_name is distinct from products.category_name
    ) as described
    where described.id = product_id
{% endmacro %}
