-- The question of catalog_pages_without_sales asked of the tables as they landed.
with sold as (
    select
        cs_catalog_page_sk,
        sum(coalesce(cs_sales_price * cs_quantity, cs_ext_sales_price)) as amount
    from {{ source('ops', 'catalog_sales') }}
    where coalesce(cs_quantity, 0) >= 0
    group by cs_catalog_page_sk
)

select
    nullif(trim(catalog_page.cp_type), '') as kind,
    date_dim.d_year,
    count(*) as page_count,
    count(case when sold.cs_catalog_page_sk is null then 1 end) as unsold_count,
    cast(round(count(case when sold.cs_catalog_page_sk is null then 1 end) / count(*), 4) as decimal(18, 4)) as unsold_share,
    coalesce(sum(sold.amount), 0) as amount
from {{ source('ops', 'catalog_page') }} as catalog_page
left join sold on catalog_page.cp_catalog_page_sk = sold.cs_catalog_page_sk
left join {{ source('ops', 'date_dim') }} as date_dim on catalog_page.cp_start_date_sk = date_dim.d_date_sk
group by nullif(trim(catalog_page.cp_type), ''), date_dim.d_year
order by unsold_count desc, page_count desc, kind asc nulls last, date_dim.d_year asc nulls last
