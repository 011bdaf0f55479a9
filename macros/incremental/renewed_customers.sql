{#-
    How int_favourite_categories is kept up to date: the customers are made anew of whom a line changed, who bought a product that changed its category,
    or of whom a line lies on the other side of the as-of date than it did.

    begin_customers: a pre-hook. It notes them in int_renewed_rows (`customer`), and removes them. Those that a killed night noted stay noted: of a
        customer whom it had removed no row says that its as-of date has moved.
    end_customers: a post-hook. It forgets them, and notes the categories by which the model has grouped.
    renewed_customers: their ids: a subquery.
    Usage: see int_favourite_categories.
-#}
{% macro begin_customers() -%}
    {%- if is_made_whole(['fct_sales']) -%}
        {%- if is_renewal() -%}
            {%- do run_query("delete from " ~ this) -%}
        {%- else -%}
            {%- do run_query("delete from " ~ built('silver', 'int_taken_files') ~ " where taken_by = '" ~ this.name ~ "'") -%}
        {%- endif -%}
    {%- else -%}
        {%- do run_query(note_customers()) -%}
        {%- do run_query("delete from " ~ this ~ " where customer_id in (" ~ renewed_customers() ~ ")") -%}
    {%- endif -%}
{%- endmacro %}

{% macro end_customers() -%}
    {%- do run_query(keep_members('dim_products', 'product_id', 'category_name')) -%}
    {%- do run_query("delete from " ~ built('silver', 'int_renewed_rows') ~ " where renewed_in = '" ~ this.name ~ "'") -%}
{%- endmacro %}

{% macro note_customers() %}
    insert into {{ built('silver', 'int_renewed_rows') }} (renewed_in, reason, member_id)
    select distinct
        '{{ this.name }}' as renewed_in,
        'customer' as reason,
        customers.customer_id as member_id
    from (
        select changes.customer_id
        from ({{ changed_rows('fct_sales') }}) as changes
        union all
        select lines.customer_id
        from {{ built('gold', 'fct_sales') }} as lines
        where lines.product_id in ({{ changed_members('dim_products', 'product_id', 'category_name') }})
        union all
        select stored.customer_id
        from {{ this }} as stored
        left join {{ built('silver', 'int_as_of_dates') }} as as_of
            on
                stored.source_name = as_of.source_name
                and as_of.contract_name = 'sales_lines'
        where
            stored.last_counted_date > as_of.as_of_date
            or coalesce(stored.next_sold_date <= as_of.as_of_date, stored.next_sold_date is not null)
    ) as customers
    where customers.customer_id != 'unknown'
{% endmacro %}

{% macro renewed_customers() %}
    select renewed.member_id
    from {{ built('silver', 'int_renewed_rows') }} as renewed
    where renewed.renewed_in = '{{ this.name }}'
{% endmacro %}
