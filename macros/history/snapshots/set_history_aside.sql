{#-
    Operations of `retail rebuild-history` (dbt run-operation): the snapshots as they stand are set aside, under another name, until the new
    ones are whole; then forgotten, or put back where the rebuild failed.

    set_history_aside: refuses where a file that a snapshot holds is no longer in bronze: its extract could not be replayed. One that was set aside
        by a rebuild which was killed is put back first.
    put_history_back, forget_history_aside: the two ends.
-#}
{% macro set_history_aside() %}
    {%- do put_history_back() -%}
    {%- set statements = [] -%}
    {%- set taken = built('silver', 'int_taken_files') -%}
    {%- if load_relation(taken) -%}
        {%- set lost = run_query(extracts_not_in_bronze()).columns[0].values() -%}
        {%- if lost | length -%}
            {{ exceptions.raise_compiler_error(
                "the history cannot be rebuilt: the snapshots hold extracts that are no longer in bronze, such as " ~ lost[0] ~ " (" ~ lost | length
                ~ " files). Nothing was changed."
            ) }}
        {%- endif -%}
        {%- for snapshot in kept_histories() -%}
            {%- if load_relation(built('snapshots', snapshot)) -%}
                {%- do statements.append("alter table " ~ built('snapshots', snapshot) ~ " rename to " ~ new_name(built('snapshots', snapshot ~ '_aside'))) -%}
            {%- endif -%}
            {%- do statements.append("update " ~ taken ~ " set taken_by = '" ~ snapshot ~ "_aside' where taken_by = '" ~ snapshot ~ "'") -%}
            {#- what was made of the old history is to be made anew: its models take the extracts again -#}
            {%- do statements.append(
                "delete from " ~ taken ~ " where right(taken_by, 6) != '_aside' and split_part(file_name, '/', 1) = '"
                ~ kept_histories()[snapshot].source ~ "' and split_part(file_name, '/', 2) in ('" ~ kept_histories()[snapshot].feeds | join("', '") ~ "')"
            ) -%}
        {%- endfor -%}
        {%- do run_together(statements) -%}
    {%- endif -%}
{% endmacro %}

{% macro put_history_back() %}
    {%- set statements = [] -%}
    {%- set taken = built('silver', 'int_taken_files') -%}
    {%- for snapshot in kept_histories() if load_relation(built('snapshots', snapshot ~ '_aside')) -%}
        {%- do statements.append("drop table if exists " ~ built('snapshots', snapshot)) -%}
        {%- do statements.append("alter table " ~ built('snapshots', snapshot ~ '_aside') ~ " rename to " ~ new_name(built('snapshots', snapshot))) -%}
        {%- do statements.append("delete from " ~ taken ~ " where taken_by = '" ~ snapshot ~ "'") -%}
        {%- do statements.append("update " ~ taken ~ " set taken_by = '" ~ snapshot ~ "' where taken_by = '" ~ snapshot ~ "_aside'") -%}
    {%- endfor -%}
    {%- do run_together(statements) -%}
{% endmacro %}

{% macro forget_history_aside() %}
    {%- set statements = [] -%}
    {%- for snapshot in kept_histories() -%}
        {%- do statements.append("delete from " ~ built('silver', 'int_taken_files') ~ " where taken_by = '" ~ snapshot ~ "_aside'") -%}
        {%- do statements.append("drop table if exists " ~ built('snapshots', snapshot ~ '_aside')) -%}
    {%- endfor -%}
    {%- do run_together(statements) -%}
{% endmacro %}

{# an operation is rolled back when it ends, unless it commits #}
{% macro run_together(statements) -%}
    {%- for text in statements -%}
        {%- call statement(auto_begin=true) -%}{{ text }}{%- endcall -%}
    {%- endfor -%}
    {%- if statements -%}{%- do adapter.commit() -%}{%- endif -%}
{%- endmacro %}

{% macro extracts_not_in_bronze() %}
    select taken.file_name
    from {{ built('silver', 'int_taken_files') }} as taken
    left join {{ built('silver', 'stg_landing__files') }} as files
        on taken.file_name = files._file_name
    where
        taken.taken_by in ('{{ kept_histories() | join("', '") }}')
        and files._file_name is null
    order by taken.file_name
{% endmacro %}
