-- incremental: made anew as a whole, but only on nights on which its extract landed, or the calendar that dates the pages
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=["{{ open_transaction() }}", "{{ clear_if_landed_anew([['ops', 'catalog_page'], ['ops', 'date_dim']]) }}"],
    post_hook=["{{ forget_files() }}", "{{ take_files([['ops', 'catalog_page'], ['ops', 'date_dim']]) }}"]
) }}

-- depends_on: {{ ref('stg_landing__files') }}, {{ ref('int_taken_files') }}
{% set is_anew = is_landed_anew([['ops', 'catalog_page'], ['ops', 'date_dim']]) %}

with current_rows as (
    {{ current_state(ref('stg_ops__catalog_pages'), ['catalog_page_id'], wanted=is_anew) }}
),

members as (
    select
        -- ids
        {{ surrogate_key(["'ops'", ['catalog_page_id', 'integer']]) }} as catalog_page_key,
        'ops:' || cast(catalog_page_id as varchar) as catalog_page_id,
        'ops' as source_name,
        cast(catalog_page_id as varchar) as source_catalog_page_id,
        catalog_page_code,

        -- attributes
        department,
        catalog_number,
        page_number,
        page_description,
        catalog_type,

        -- dates and times
        start_date,
        end_date,

        -- flags
        false as is_unknown
    from current_rows
),

members_and_unknown as (
    {{ with_unknown_member('members', {
        'catalog_page_key': unknown_key(),
        'catalog_page_id': "'unknown'",
        'page_description': "'Unknown'",
        'is_unknown': 'true'
    }) }}
)

select * from members_and_unknown
where {{ is_anew }}
