{#-
    How fct_weekly_sales_inventory is kept up to date: the weeks of a product in a warehouse in which a line or a count changed are made anew, and
    those between its last week and theirs, if they come later.

    begin_weeks: a pre-hook. It notes in int_renewed_rows the weeks that the model makes (`cell`, or `gap` where nothing was sold or counted), and the pairs of product and warehouse of which
        no week stays (`pair`): those whose first or last week lost something, so that it may not be the first or last any more. Then it removes them.
    renewed_cells: what it noted: a subquery.
    end_weeks: a post-hook. What holds for all weeks of a product or a day: the version of a product when the week ends, where versions changed, and
        whether the week has ended.
    Usage: see fct_weekly_sales_inventory.
-#}
{% macro facts_of_weeks() -%}{{ return(['fct_sales', 'fct_stock_counts']) }}{%- endmacro %}

{% macro begin_weeks() -%}
    {%- set renewed = built('silver', 'int_renewed_rows') -%}
    {%- do run_query("delete from " ~ renewed ~ " where renewed_in = '" ~ this.name ~ "'") -%}
    {%- if not is_renewal() -%}
        {%- do run_query("delete from " ~ built('silver', 'int_taken_files') ~ " where taken_by = '" ~ this.name ~ "'") -%}
    {%- elif has_whole_changes(facts_of_weeks()) -%}
        {%- do run_query("delete from " ~ this) -%}
    {%- else -%}
        {%- do run_query(note_shrunk_pairs()) -%}
        {%- do run_query(note_cells()) -%}
        {%- do run_query(note_cells_of_shrunk_pairs()) -%}
        {%- do run_query(delete_cells()) -%}
        {%- do run_query(delete_shrunk_pairs()) -%}
    {%- endif -%}
{%- endmacro %}

{# the weeks in which something changed #}
{% macro changed_cells() %}
    select
        changes.product_id,
        changes.warehouse_key,
        dates.week_start_date,
        changes.is_before,
        changes.is_active
    from (
        {% for fact in facts_of_weeks() %}
        {{ changed_rows(fact) }}
        {{ 'union all' if not loop.last }}
        {% endfor %}
    ) as changes
    inner join {{ built('gold', 'dim_dates') }} as dates
        on changes.day = dates.date_day
    where
        changes.product_id != 'unknown'
        and changes.warehouse_key != {{ unknown_key() }}
{% endmacro %}

{% macro note_shrunk_pairs() %}
    insert into {{ built('silver', 'int_renewed_rows') }} (renewed_in, reason, member_id, member_key)
    -- most nights there are none
    with lost_cells as (
        select
            product_id,
            warehouse_key,
            week_start_date
        from ({{ changed_cells() }}) as changed
        group by product_id, warehouse_key, week_start_date
        having
            max(case when is_before then 1 else 0 end) = 1
            and max(case when is_active and not is_before then 1 else 0 end) = 0
    )

    select distinct
        '{{ this.name }}' as renewed_in,
        'pair' as reason,
        cells.product_id as member_id,
        cells.warehouse_key as member_key
    from lost_cells as cells
    left join ({{ spans_of_pairs('lost_cells') }}) as spans
        on
            cells.product_id = spans.product_id
            and cells.warehouse_key = spans.warehouse_key
    where not coalesce(spans.first_week_start_date < cells.week_start_date and cells.week_start_date < spans.last_week_start_date, false)
{% endmacro %}

{% macro spans_of_pairs(cells) %}
    select
        product_id,
        warehouse_key,
        min(week_start_date) as first_week_start_date,
        max(week_start_date) as last_week_start_date
    from {{ this }}
    where (product_id, warehouse_key) in (select changed.product_id, changed.warehouse_key from {{ cells }} as changed)
    group by product_id, warehouse_key
{% endmacro %}

{# those that changed within the weeks of the pair, and all from its weeks to those that lie outside them #}
{% macro note_cells() %}
    insert into {{ built('silver', 'int_renewed_rows') }} (renewed_in, reason, member_id, member_key, day)
    with cells as (
        select
            product_id,
            warehouse_key,
            week_start_date,
            max(case when is_active and not is_before then 1 else 0 end) = 1 as is_active
        from ({{ changed_cells() }}) as changed
        group by product_id, warehouse_key, week_start_date
    ),

    spans as (
        {{ spans_of_pairs('cells') }}
    ),

    reached as (
        select
            cells.product_id,
            cells.warehouse_key,
            min(case when cells.is_active then cells.week_start_date end) as first_week_start_date,
            max(case when cells.is_active then cells.week_start_date end) as last_week_start_date,
            min(spans.first_week_start_date) as first_week_before,
            max(spans.last_week_start_date) as last_week_before
        from cells
        left join spans
            on
                cells.product_id = spans.product_id
                and cells.warehouse_key = spans.warehouse_key
        group by cells.product_id, cells.warehouse_key
    ),

    weeks as (
        select distinct week_start_date
        from {{ built('gold', 'dim_dates') }}
        where not is_unknown
    ),

    found as (
        -- of a pair that has no week yet all from its first to its last; of another those before and after the ones it has, and those of
        -- them that changed
        select
            reached.product_id,
            reached.warehouse_key,
            weeks.week_start_date
        from reached
        inner join weeks
            on
                reached.first_week_start_date <= weeks.week_start_date
                and reached.last_week_start_date >= weeks.week_start_date
        where reached.first_week_before is null
        union all
        select
            reached.product_id,
            reached.warehouse_key,
            weeks.week_start_date
        from reached
        inner join weeks
            on
                reached.last_week_before < weeks.week_start_date
                and reached.last_week_start_date >= weeks.week_start_date
        union all
        select
            reached.product_id,
            reached.warehouse_key,
            weeks.week_start_date
        from reached
        inner join weeks
            on
                reached.first_week_start_date <= weeks.week_start_date
                and reached.first_week_before > weeks.week_start_date
        union all
        select
            cells.product_id,
            cells.warehouse_key,
            cells.week_start_date
        from cells
        inner join spans
            on
                cells.product_id = spans.product_id
                and cells.warehouse_key = spans.warehouse_key
                and cells.week_start_date between spans.first_week_start_date and spans.last_week_start_date
    )

    select distinct
        '{{ this.name }}' as renewed_in,
        case when cells.product_id is null then 'gap' else 'cell' end as reason,
        found.product_id as member_id,
        found.warehouse_key as member_key,
        found.week_start_date as day
    from found
    left join cells
        on
            found.product_id = cells.product_id
            and found.warehouse_key = cells.warehouse_key
            and found.week_start_date = cells.week_start_date
    where (found.product_id, found.warehouse_key) not in ({{ shrunk_pairs() }})
{% endmacro %}

{% macro shrunk_pairs() %}
    select
        pairs.member_id,
        pairs.member_key
    from {{ built('silver', 'int_renewed_rows') }} as pairs
    where
        pairs.renewed_in = '{{ this.name }}'
        and pairs.reason = 'pair'
{% endmacro %}

{# from the facts, as the model finds them when it is built whole #}
{% macro note_cells_of_shrunk_pairs() %}
    insert into {{ built('silver', 'int_renewed_rows') }} (renewed_in, reason, member_id, member_key, day)
    with active_days as (
        select
            product_id,
            warehouse_key,
            sold_date as day
        from {{ built('gold', 'fct_sales') }}
        where
            not is_cancelled
            and sold_date is not null
            and (product_id, warehouse_key) in ({{ shrunk_pairs() }})
        union all
        select
            product_id,
            warehouse_key,
            count_date as day
        from {{ built('gold', 'fct_stock_counts') }}
        where (product_id, warehouse_key) in ({{ shrunk_pairs() }})
    ),

    spans as (
        select
            active_days.product_id,
            active_days.warehouse_key,
            min(dates.week_start_date) as first_week_start_date,
            max(dates.week_start_date) as last_week_start_date
        from active_days
        inner join {{ built('gold', 'dim_dates') }} as dates
            on active_days.day = dates.date_day
        group by active_days.product_id, active_days.warehouse_key
    )

    select distinct
        '{{ this.name }}' as renewed_in,
        'cell' as reason,
        spans.product_id as member_id,
        spans.warehouse_key as member_key,
        weeks.week_start_date as day
    from spans
    inner join {{ built('gold', 'dim_dates') }} as weeks
        on
            spans.first_week_start_date <= weeks.week_start_date
            and spans.last_week_start_date >= weeks.week_start_date
{% endmacro %}

{# not in one statement: with "or" in it every row of all weeks is compared with both #}
{% macro delete_cells() %}
    delete from {{ this }}
    where (product_id, warehouse_key, week_start_date) in ({{ renewed_cells(['cell', 'gap']) }})
{% endmacro %}

{% macro delete_shrunk_pairs() %}
    delete from {{ this }}
    where (product_id, warehouse_key) in ({{ shrunk_pairs() }})
{% endmacro %}

{% macro renewed_cells(reasons) %}
    select
        cells.member_id as product_id,
        cells.member_key as warehouse_key,
        cells.day as week_start_date
    from {{ built('silver', 'int_renewed_rows') }} as cells
    where
        cells.renewed_in = '{{ this.name }}'
        and cells.reason in ('{{ reasons | join("', '") }}')
{% endmacro %}

{% macro end_weeks() -%}
    {%- set columns = {'dim_products_history': ['product_id', 'product_key', 'valid_from', 'valid_to']} -%}
    {%- do look_at_dimensions(this.name, columns) -%}
    {%- if is_renewal() -%}
        {%- do run_query(date_weeks()) -%}
        {%- if changed_dimensions(this.name) -%}
            {%- do run_query(move_weeks()) -%}
        {%- endif -%}
    {%- endif -%}
    {%- do keep_fingerprints(this.name) -%}
{%- endmacro %}

{% macro move_weeks() %}
    update {{ this }}
    set product_key = moved.key_now
    from (
        select distinct
            stored.product_id as id,
            stored.week_start_date as week,
            products.product_key as key_now
        from {{ this }} as stored
        left join {{ built('gold', 'dim_products_history') }} as products
            on
                stored.product_id = products.product_id
                and {{ valid_at('products', last_moment_of(add_days('stored.week_start_date', 6))) }}
        where stored.product_key is distinct from products.product_key
    ) as moved
    where
        moved.id = product_id
        and moved.week = week_start_date
{% endmacro %}

{# a week ends for all that is in it #}
{% macro date_weeks() %}
    update {{ this }}
    set is_complete_week = not is_complete_week
    where
        is_complete_week != coalesce(
            week_start_date <= (select {{ add_days('as_of.as_of_date', -6) }} from {{ built('silver', 'int_as_of_date') }} as as_of), false
        )
{% endmacro %}

{# the counts that the weekly fact adds up, by its CTEs dates, products, warehouses, renewed_days and active_cells. A text, not a CTE: it is read several
   times, and of such a CTE DuckDB keeps all rows #}
{% macro dated_counts(is_whole) %}
    select
        products.product_number,
        warehouses.warehouse_number,
        dates.week_start_date,
        counts.count_date,
        products.valid_from as version_valid_from,
        counts.on_hand_quantity
    from {{ ref('fct_stock_counts') }} as counts
    inner join dates
        on counts.count_date_key = dates.date_key
    inner join products
        on counts.product_key = products.product_key
    inner join warehouses
        on counts.warehouse_key = warehouses.warehouse_key
    where
        counts.product_key != {{ unknown_key() }}
        and counts.warehouse_key != {{ unknown_key() }}
        {% if not is_whole %}
            and counts.count_date in (select renewed_days.date_day from renewed_days)
            and (counts.product_id, counts.warehouse_key) in (select active_cells.product_id, active_cells.warehouse_key from active_cells)
        {% endif %}
{% endmacro %}
