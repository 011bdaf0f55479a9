{#-
    Purpose: from when to when a source has sales, for dashboards: its first day, and the last day that every channel of it has reached.
        A channel without a sale in the last 13 weeks of its source has been given up, and holds nothing back.
    Columns: source_name, source_title (how pages name it: its channels, such as 'Catalog, Store, Web'), first_day, last_day.
    Usage: with ends as ({{ sales_ends() }})
-#}
{% macro sales_ends() %}
    with sold_through as (
        select
            sales.source_name,
            channels.channel_name,
            min(sales.date_day) as first_day,
            max(sales.date_day) as last_day
        from {{ ref('mart_sales_daily') }} as sales
        inner join {{ ref('dim_channels') }} as channels
            on sales.channel = channels.channel
        where sales.sold_lines > 0 and sales.date_day is not null
        group by sales.source_name, channels.channel_name
    ),

    sources as (
        select
            source_name,
            {{ dbt.listagg('channel_name', "', '", 'order by channel_name') }} as source_title,
            min(first_day) as first_day,
            max(last_day) as last_day
        from sold_through
        group by source_name
    )

    select
        sources.source_name,
        sources.source_title,
        sources.first_day,
        min(sold_through.last_day) as last_day
    from sources
    inner join sold_through
        on
            sources.source_name = sold_through.source_name
            and {{ add_days('sources.last_day', -91) }} <= sold_through.last_day
    group by sources.source_name, sources.source_title, sources.first_day
{% endmacro %}
