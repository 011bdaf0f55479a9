{#-
    Whether mart_customer_segment_history has to be made anew: a fingerprint of all it is made of, kept in int_kept_fingerprints: by source the
    transactions of the months that have ended, the last of those months, and the names of the segments.

    have_months_changed: whether it differs from what was kept.
    clear_if_months_changed: a pre-hook: then the table is emptied.
    keep_months: a post-hook: keeps it.
    Usage: see mart_customer_segment_history.
-#}
{% macro fingerprints_of_months() %}
    with last_months as (
        select
            as_of_dates.source_name,
            max(dates.month_end_date) as month_end_date
        from {{ built('silver', 'int_as_of_dates') }} as as_of_dates
        inner join {{ built('gold', 'dim_dates') }} as dates
            on
                as_of_dates.as_of_date >= dates.date_day
                and dates.date_day = dates.month_end_date
        where as_of_dates.contract_name = 'sales_lines'
        group by as_of_dates.source_name
    )

    select
        'int_customer_transactions' as dimension_name,
        last_months.source_name || ' ' || cast(last_months.month_end_date as varchar) as part_name,
        {{ fingerprint([
            'transactions.customer_id', 'transactions.transaction_date', 'transactions.order_count', 'transactions.sales_amount',
            'transactions.coupon_amount', 'transactions.return_amount'
        ]) }} as fingerprint
    from last_months
    inner join {{ built('silver', 'int_customer_transactions') }} as transactions
        on
            last_months.source_name = transactions.source_name
            and last_months.month_end_date >= transactions.transaction_date
    group by last_months.source_name, last_months.month_end_date
    union all
    select
        'int_segments_by_score' as dimension_name,
        'all' as part_name,
        {{ fingerprint(['recency_score', 'frequency_score', 'monetary_score', 'segment_name']) }} as fingerprint
    from {{ built('silver', 'int_segments_by_score') }}
{% endmacro %}

{% macro have_months_changed() -%}
    {%- if not is_renewal() -%}{{ return(true) }}{%- endif -%}
    {%- if not (execute and flags.WHICH in ['build', 'run', 'retry']) -%}{{ return(false) }}{%- endif -%}
    {%- set query -%}
    select 1 as found
    from ({{ fingerprints_of_months() }}) as months
    full outer join (
        select *
        from {{ built('silver', 'int_kept_fingerprints') }}
        where kept_by = '{{ this.name }}'
    ) as kept
        on
            months.dimension_name = kept.dimension_name
            and months.part_name = kept.part_name
    where months.fingerprint is distinct from kept.fingerprint
    limit 1
    {%- endset -%}
    {{ return(run_query(query).rows | length > 0) }}
{%- endmacro %}

{% macro clear_if_months_changed() -%}
    {%- if is_renewal() and have_months_changed() -%}
        {#- until it is made anew nothing is kept: killed before, the next night makes it -#}
        {%- do run_query("delete from " ~ built('silver', 'int_kept_fingerprints') ~ " where kept_by = '" ~ this.name ~ "'") -%}
        delete from {{ this }}
    {%- endif -%}
{%- endmacro %}

{% macro keep_months() -%}
    {%- do run_query("delete from " ~ built('silver', 'int_kept_fingerprints') ~ " where kept_by = '" ~ this.name ~ "'") -%}
    insert into {{ built('silver', 'int_kept_fingerprints') }} (kept_by, dimension_name, part_name, fingerprint)
    select
        '{{ this.name }}' as kept_by,
        months.dimension_name,
        months.part_name,
        months.fingerprint
    from ({{ fingerprints_of_months() }}) as months
{%- endmacro %}
