{#-
    How int_customer_transactions is kept up to date: the orders are made anew of which a line or a return changed.

    begin_orders: a pre-hook: removes them.
    changed_orders: (source_name, channel, order_id): a subquery.
    Usage: see int_customer_transactions.
-#}
{% macro facts_of_orders() -%}{{ return(['fct_sales', 'fct_returns']) }}{%- endmacro %}

{% macro begin_orders() -%}
    {%- if not is_renewal() -%}
        {{ forget_files() }}
    {%- elif is_made_whole(facts_of_orders()) -%}
        delete from {{ this }}
    {%- else -%}
        delete from {{ this }} where (source_name, channel, order_id) in ({{ changed_orders() }})
    {%- endif -%}
{%- endmacro %}

{% macro changed_orders() %}
    {% for fact in facts_of_orders() %}
    select
        changes.source_name,
        changes.channel,
        changes.order_id
    from ({{ changed_rows(fact) }}) as changes
    {{ 'union all' if not loop.last }}
    {% endfor %}
{% endmacro %}
