{#-
    How a fact is kept up to date: the rows of new files are made anew by the model itself; the rows of old files whose members changed are moved to
    them by an update; and both are noted in int_changed_rows, for the models that are made of the fact.

    begin_renewal: a pre-hook. It notes in int_renewed_rows which rows are concerned: `landed`, where a new file holds the row that
        counts for a key; `gone`, where a source was switched off or has a new calendar, so that its rows are taken again; and one reason for each link
        (links_of_facts) whose dimension changed since the fact last looked: where it now gives another member. It notes the rows as they are, removes
        the landed and gone ones, and moves the others.
    end_renewal: a post-hook. It notes the rows as they are now, and of which dimensions the fact has taken the members.
    Killed anywhere, the next night does it again: files are taken last, a row that was moved is noted before, and one that is still in
    int_renewed_rows is noted again.
    changed_rows: the rows of a fact that changed since a model last looked, as they were and as they are: a subquery. A condition may follow it.
    landed_keys: the keys of the rows that the model makes tonight: a subquery.
    has_whole_changes: whether a fact was made anew as a whole since then.
    is_made_whole: whether a model that reads them makes all its rows anew tonight.
    take_changes: a post-hook: the model has seen them.
    Parameters: fact (of links_of_facts); facts (list of them).
    Usage: see fct_sales and fct_weekly_sales_inventory.
-#}
{% macro begin_renewal(fact) -%}
    {%- set spec = links_of_facts()[fact] -%}
    {%- set renewed = built('silver', 'int_renewed_rows') -%}
    {%- set mine = "renewed_in = '" ~ fact ~ "'" -%}
    {%- if not is_renewal() -%}
        {%- do run_query("delete from " ~ built('silver', 'int_taken_files') ~ " where taken_by = '" ~ fact ~ "'") -%}
    {%- else -%}
        {%- do note_changes(fact) -%}
    {%- endif -%}
    {%- do run_query("delete from " ~ renewed ~ " where " ~ mine) -%}
    {%- set is_source_gone = has_gone_files() -%}
    {%- if is_source_gone -%}
        {%- do run_query(note_all_rows(fact)) -%}
    {%- endif -%}
    {%- set names = names_to_renew(fact) -%}
    {%- do look_at_dimensions(fact, columns_that_facts_name(fact)) -%}
    {%- if names is not none -%}
        {%- do run_query(note_landed_rows(fact, names)) -%}
        {%- set changed = changed_dimensions(fact) -%}
        {%- for link in spec.links if changed.get(link.to) -%}
            {%- do run_query(note_moved_rows(fact, link, changed.get(link.to))) -%}
        {%- endfor -%}
        {%- if fact == 'fct_sales' -%}
            {%- do note_moved_places(changed) -%}
        {%- elif fact == 'fct_returns' -%}
            {%- do run_query(note_returns_of_changed_lines()) -%}
        {%- endif -%}
        {%- do note_changes(fact, is_before=true) -%}
        {%- do run_query(delete_landed_rows(fact)) -%}
        {%- for link in spec.links if changed.get(link.to) -%}
            {%- do run_query(move_rows(fact, link)) -%}
        {%- endfor -%}
        {%- if fact == 'fct_sales' -%}
            {%- do run_query(move_places()) -%}
        {%- elif fact == 'fct_returns' -%}
            {%- do run_query(move_returns()) -%}
        {%- endif -%}
        {%- if is_source_gone -%}
            {%- do run_query("delete from " ~ built('silver', 'int_taken_files') ~ " where taken_by = '" ~ fact ~ "' and file_name like '%/%'") -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# the files whose rows the fact makes: those it has yet to take; where a source was switched off, all that are left, since the fact does not say of
   all rows which files they came from #}
{% macro names_to_renew(fact) -%}
    {%- set feeds = feed_pairs(links_of_facts()[fact].contract) -%}
    {%- if not has_gone_files() -%}{{ return(new_names(feeds)) }}{%- endif -%}
    {{ return(named_files(of_feeds('files', feeds))) }}
{%- endmacro %}

{% macro end_renewal(fact) -%}
    {%- if is_renewal() -%}
        {%- do note_changes(fact) -%}
        {%- do run_query("delete from " ~ built('silver', 'int_renewed_rows') ~ " where renewed_in = '" ~ fact ~ "'") -%}
    {%- else -%}
        {%- do run_query(note_whole_change(fact)) -%}
    {%- endif -%}
    {%- do keep_fingerprints(fact) -%}
    {%- do run_query(forget_changes(fact)) -%}
{%- endmacro %}

{% macro note_landed_rows(fact, names) %}
    {%- set spec = links_of_facts()[fact] -%}
    {%- set day = spec.get('day', 'cast(null as date)') -%}
    {%- set has_calendar = calendar_feeds()[0] | join('/') in names -%}
    insert into {{ built('silver', 'int_renewed_rows') }} (renewed_in, reason, row_key, day)
    select
        '{{ fact }}' as renewed_in,
        'landed' as reason,
        {{ surrogate_key(['source_name', 'channel', 'order_id', 'line_id']) if spec.key == 'sales_line_key' else spec.key }} as row_key,
        {{ day }} as day
    from {{ built('silver', 'int_' ~ spec.contract) }}
    where {{ in_new_files(names, feed_pairs(spec.contract)) }}
    union all
    select
        '{{ fact }}' as renewed_in,
        'gone' as reason,
        {{ spec.key }} as row_key,
        {{ day }} as day
    from {{ this }}
    where {{ "source_name = '" ~ calendar_feeds()[0][0] ~ "'" if has_calendar else 'false' }}
{% endmacro %}

{% macro has_gone_files() -%}
    {%- if not (execute and is_renewal() and flags.WHICH in ['build', 'run', 'retry']) -%}{{ return(false) }}{%- endif -%}
    {%- set query -%}
    select taken.file_name
    from {{ built('silver', 'int_taken_files') }} as taken
    left join {{ built('silver', 'stg_landing__files') }} as files
        on taken.file_name = files._file_name
    where
        taken.taken_by = '{{ this.name }}'
        and taken.file_name like '%/%'
        and files._file_name is null
    limit 1
    {%- endset -%}
    {{ return(run_query(query).rows | length > 0) }}
{%- endmacro %}

{% macro note_all_rows(fact) %}
    {%- set spec = links_of_facts()[fact] -%}
    insert into {{ built('silver', 'int_renewed_rows') }} (renewed_in, reason, row_key, day)
    select
        '{{ fact }}' as renewed_in,
        'gone' as reason,
        {{ spec.key }} as row_key,
        {{ spec.get('day', 'cast(null as date)') }} as day
    from {{ this }}
{% endmacro %}

{# without those that landed, which find their members as they are made #}
{% macro note_moved_rows(fact, link, sources) %}
    {%- set spec = links_of_facts()[fact] -%}
    {%- set member_id = link.gives[1] if link.gives | length > 1 else none -%}
    insert into {{ built('silver', 'int_renewed_rows') }} (renewed_in, reason, row_key, day, member_key, member_id)
    select
        '{{ fact }}' as renewed_in,
        '{{ link.gives[0][0] }}' as reason,
        {{ spec.key if spec.key == 'sales_line_key' else spec.key | replace('source_', 'stored.source_') | replace('count_date', 'stored.count_date') }} as row_key,
        {{ 'stored.' ~ spec.day if spec.day else 'cast(null as date)' }} as day,
        coalesce(members.{{ link.gives[0][1] }}, {{ unknown_key() }}) as member_key,
        {{ "coalesce(members." ~ member_id[1] ~ ", 'unknown')" if member_id else 'cast(null as varchar)' }} as member_id
    from {{ this }} as stored
    left join {{ built('gold', link.to) }} as members
        on
            stored.source_name = members.source_name
            and stored.{{ link.by[0] }} = members.{{ link.by[1] }}
            {% if link.at == 'held' %}
            and {{ held_at('members', spec.moment) }}
            {% elif link.at == 'named_or_held' %}
            and {{ named_or_held_at('members', spec.moment) }}
            {% endif %}
    where
        stored.source_name in ('{{ sources | join("', '") }}')
        and (
            stored.{{ link.gives[0][0] }} != coalesce(members.{{ link.gives[0][1] }}, {{ unknown_key() }})
            {% if member_id %}
            or stored.{{ member_id[0] }} != coalesce(members.{{ member_id[1] }}, 'unknown')
            {% endif %}
        )
{% endmacro %}

{% macro move_rows(fact, link) %}
    {%- set spec = links_of_facts()[fact] -%}
    update {{ this }}
    set
        {{ link.gives[0][0] }} = moved.member_key
        {%- if link.gives | length > 1 %},
        {{ link.gives[1][0] }} = moved.member_id
        {% endif %}
    from {{ built('silver', 'int_renewed_rows') }} as moved
    where
        moved.renewed_in = '{{ fact }}'
        and moved.reason = '{{ link.gives[0][0] }}'
        and moved.row_key = {{ spec.key }}
        {% if spec.day %}
        and moved.day = {{ spec.day }}
        {% endif %}
{% endmacro %}

{# where the goods went: the place that the line names, as its source has it now, else those of its members #}
{% macro note_moved_places(changed) -%}
    {%- set touched = (changed.get('dim_addresses', []) + changed.get('dim_stores_history', []) + changed.get('dim_customers_history', [])) | unique | list -%}
    {%- if touched -%}
        {%- set placed_sources -%}
        select distinct source_name
        from {{ built('silver', 'int_sales_lines') }}
        where coalesce(location_city, location_state, location_postal_code, location_country) is not null
        {%- endset -%}
        {%- set placed = run_query(placed_sources).columns[0].values() | list -%}
        {%- for source_name in touched if source_name -%}
            {%- if source_name in placed or source_name in changed.get('dim_addresses', []) + changed.get('dim_stores_history', []) -%}
                {%- do run_query(note_moved_places_of(source_name, source_name in placed)) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{% macro note_moved_places_of(source_name, has_own_places) %}
    insert into {{ built('silver', 'int_renewed_rows') }} (renewed_in, reason, row_key, member_key)
    select
        'fct_sales' as renewed_in,
        'location_key' as reason,
        row_key,
        member_key
    from (
        select
            stored.sales_line_key as row_key,
            stored.location_key,
            coalesce(
                {% if has_own_places %}
                {{ location_key('lines.location_city', 'lines.location_state', 'lines.location_postal_code', 'lines.location_country') }},
                {% endif %}
                ship_addresses.location_key, stores.location_key, addresses.location_key, {{ unknown_key() }}
            ) as member_key
        from {{ this }} as stored
        {% if has_own_places %}
        inner join {{ built('silver', 'int_sales_lines') }} as lines
            on
                stored.channel = lines.channel
                and stored.order_id = lines.order_id
                and stored.line_id = lines.line_id
                and lines.source_name = '{{ source_name }}'
        {% endif %}
        left join {{ built('gold', 'dim_addresses') }} as ship_addresses
            on
                stored.source_name = ship_addresses.source_name
                and stored.source_ship_address_id = ship_addresses.source_address_id
        left join {{ built('gold', 'dim_stores_history') }} as stores
            on
                stored.source_name = stores.source_name
                and stored.source_store_id = stores.source_store_id
        left join {{ built('gold', 'dim_addresses') }} as addresses
            on
                stored.source_name = addresses.source_name
                and stored.source_bill_address_id = addresses.source_address_id
        where stored.source_name = '{{ source_name }}'
    ) as placed
    where location_key != member_key
{% endmacro %}

{% macro move_places() %}
    update {{ this }}
    set location_key = moved.member_key
    from {{ built('silver', 'int_renewed_rows') }} as moved
    where
        moved.renewed_in = 'fct_sales'
        and moved.reason = 'location_key'
        and moved.row_key = sales_line_key
{% endmacro %}

{# what a return has of the line that was sold: the lines that changed since, and what they give it now #}
{% macro note_returns_of_changed_lines() %}
    insert into {{ built('silver', 'int_renewed_rows') }} (renewed_in, reason, row_key)
    select
        'fct_returns' as renewed_in,
        'sold_line' as reason,
        stored.sales_line_key as row_key
    from {{ this }} as stored
    {% if not has_whole_changes(['fct_sales']) %}
    where stored.sales_line_key in (select changed.row_key from ({{ changed_rows('fct_sales') }}) as changed)
    {% endif %}
{% endmacro %}

{% macro move_returns() %}
    update {{ this }}
    set
        sold_date = moved.line_sold_date,
        sold_date_key = moved.line_sold_date_key,
        buying_customer_key = moved.line_customer_key,
        buying_customer_id = moved.line_customer_id,
        has_sold_line = moved.has_line
    from (
        select
            renewed.row_key,
            sold_lines.sold_date as line_sold_date,
            coalesce(sold_lines.sold_date_key, -1) as line_sold_date_key,
            coalesce(sold_lines.customer_key, {{ unknown_key() }}) as line_customer_key,
            coalesce(sold_lines.customer_id, 'unknown') as line_customer_id,
            sold_lines.sales_line_key is not null as has_line
        from (
            select distinct row_key
            from {{ built('silver', 'int_renewed_rows') }}
            where
                renewed_in = 'fct_returns'
                and reason = 'sold_line'
        ) as renewed
        left join {{ built('gold', 'fct_sales') }} as sold_lines
            on renewed.row_key = sold_lines.sales_line_key
    ) as moved
    where moved.row_key = sales_line_key
{% endmacro %}

{# those that are there: on most nights no line of a new file was #}
{% macro delete_landed_rows(fact) %}
    {%- set spec = links_of_facts()[fact] -%}
    delete from {{ this }}
    where
        {{ spec.key }} in (
            select changed.row_key
            from {{ built('silver', 'int_changed_rows') }} as changed
            inner join {{ built('silver', 'int_renewed_rows') }} as renewed
                on changed.row_key = renewed.row_key
            where
                changed.changed_in = '{{ fact }}'
                and changed.batch_id = '{{ invocation_id }}'
                and renewed.renewed_in = '{{ fact }}'
                and renewed.reason in ('landed', 'gone')
        )
        -- says nothing new, and spares comparing the keys of all other days
        and {{ spec.day_key }} in (
            select {{ date_key('changed.day') }}
            from {{ built('silver', 'int_changed_rows') }} as changed
            where
                changed.changed_in = '{{ fact }}'
                and changed.batch_id = '{{ invocation_id }}'
        )
{% endmacro %}

{# the keys of the rows that the fact makes tonight #}
{% macro landed_keys(fact) %}
    select renewed.row_key
    from {{ built('silver', 'int_renewed_rows') }} as renewed
    where
        renewed.renewed_in = '{{ fact }}'
        and renewed.reason in ('landed', 'gone')
{% endmacro %}

{% macro days_of_renewed_rows(fact) %}
    select renewed.day
    from {{ built('silver', 'int_renewed_rows') }} as renewed
    where renewed.renewed_in = '{{ fact }}'
{% endmacro %}

{% macro note_changes(fact, is_before=false) -%}
    {%- set spec = links_of_facts()[fact] -%}
    {%- set columns = {
        'fct_sales': ['channel', 'order_id', 'sold_date', 'product_id', 'warehouse_id', 'warehouse_key', 'store_id', 'customer_id'],
        'fct_returns': ['channel', 'order_id', 'returned_date', 'product_id', 'warehouse_id', 'warehouse_key', 'store_id', 'buying_customer_id'],
        'fct_stock_counts': [none, none, 'count_date', 'product_id', 'warehouse_id', 'warehouse_key', none, none],
    }[fact] -%}
    {%- set query -%}
    insert into {{ built('silver', 'int_changed_rows') }} (
        changed_in, batch_id, is_whole, is_before, is_active, row_key, source_name, channel, order_id, day, product_id, warehouse_id, warehouse_key, store_id,
        customer_id
    )
    select
        '{{ fact }}' as changed_in,
        '{{ invocation_id }}' as batch_id,
        false as is_whole,
        {{ is_before }} as is_before,
        {{ 'not is_cancelled' if fact == 'fct_sales' else true }} as is_active,
        {{ spec.key }} as row_key,
        source_name
        {%- for column in columns %},
        {{ column or 'null' }}
        {% endfor %}
    from {{ this }}
    where
        {{ spec.key }} in (select renewed.row_key from {{ built('silver', 'int_renewed_rows') }} as renewed where renewed.renewed_in = '{{ fact }}')
        {% if spec.day %}
        and {{ spec.day }} in ({{ days_of_renewed_rows(fact) }})
        {% endif %}
    {%- endset -%}
    {%- do run_query(query) -%}
{%- endmacro %}

{% macro note_whole_change(fact) %}
    insert into {{ built('silver', 'int_changed_rows') }} (changed_in, batch_id, is_whole, is_before)
    select
        '{{ fact }}' as changed_in,
        '{{ invocation_id }}' as batch_id,
        true as is_whole,
        false as is_before
{% endmacro %}

{% macro changed_rows(fact) %}
    select
        changed.is_whole,
        changed.is_before,
        changed.is_active,
        changed.row_key,
        changed.source_name,
        changed.channel,
        changed.order_id,
        changed.day,
        changed.product_id,
        changed.warehouse_id,
        changed.warehouse_key,
        changed.store_id,
        changed.customer_id
    from {{ built('silver', 'int_changed_rows') }} as changed
    left join {{ built('silver', 'int_taken_files') }} as taken
        on
            taken.file_name = changed.changed_in || ' ' || changed.batch_id
            and taken.taken_by = '{{ this.name }}'
    where
        changed.changed_in = '{{ fact }}'
        and taken.file_name is null
{% endmacro %}

{% macro has_whole_changes(facts) -%}
    {%- if not (execute and is_renewal() and flags.WHICH in ['build', 'run', 'retry']) -%}{{ return(false) }}{%- endif -%}
    {%- set found = [] -%}
    {%- for fact in facts -%}
        {%- do found.extend(run_query("select 1 as found from (" ~ changed_rows(fact) ~ ") as changes where is_whole limit 1").rows | list) -%}
    {%- endfor -%}
    {{ return(found | length > 0) }}
{%- endmacro %}

{% macro is_made_whole(facts) -%}
    {{ return(not is_renewal() or has_whole_changes(facts)) }}
{%- endmacro %}

{% macro take_changes(facts) %}
    insert into {{ built('silver', 'int_taken_files') }} (taken_by, file_name)
    select distinct
        '{{ this.name }}' as taken_by,
        changed.changed_in || ' ' || changed.batch_id as file_name
    from {{ built('silver', 'int_changed_rows') }} as changed
    left join {{ built('silver', 'int_taken_files') }} as taken
        on
            taken.file_name = changed.changed_in || ' ' || changed.batch_id
            and taken.taken_by = '{{ this.name }}'
    where
        changed.changed_in in ('{{ facts | join("', '") }}')
        and taken.file_name is null
{% endmacro %}

{# what every model that reads them has taken; a model that was never built has nothing to take #}
{% macro forget_changes(fact) %}
    delete from {{ built('silver', 'int_changed_rows') }}
    where
        changed_in = '{{ fact }}'
        and batch_id != '{{ invocation_id }}'
        and changed_in || ' ' || batch_id in (
            select taken.file_name
            from {{ built('silver', 'int_taken_files') }} as taken
            group by taken.file_name
            having
                count(*) = (
                    select count(distinct takers.taken_by)
                    from {{ built('silver', 'int_taken_files') }} as takers
                    where split_part(takers.file_name, ' ', 1) = '{{ fact }}'
                )
        )
{% endmacro %}
