-- Question: how many pages of our catalogs sold nothing at all, by kind of catalog and the year it came out?
-- Asked by: the catalog's editors, who pay for every printed page.
-- Look out for: a page without sales has no row in fct_sales, so the question starts from the dimension and joins outwards. Pages whose
-- kind or date the source does not know are rows of their own; catalog lines that name no page belong to no catalog.
with lines as (
    select * from {{ ref('fct_sales') }}
),

pages as (
    select * from {{ ref('dim_catalog_pages') }}
),

dates as (
    select * from {{ ref('dim_dates') }}
),

sales_by_page as (
    select
        catalog_page_key,
        sum(sales_amount) as sales_amount
    from lines
    where channel = 'catalog' and not is_cancelled
    group by catalog_page_key
),

catalogs as (
    select
        pages.catalog_type,
        dates.year_number as start_year,
        count(*) as pages,
        count(case when sales_by_page.catalog_page_key is null then 1 end) as pages_without_sales,
        cast(coalesce(sum(sales_by_page.sales_amount), 0) as decimal(18, 2)) as sales_amount
    from pages
    left join sales_by_page
        on pages.catalog_page_key = sales_by_page.catalog_page_key
    left join dates
        on pages.start_date = dates.date_day
    where not pages.is_unknown
    group by pages.catalog_type, dates.year_number
),

rated as (
    select
        catalog_type,
        start_year,
        pages,
        pages_without_sales,
        {{ ratio('pages_without_sales', 'pages') }} as share_without_sales,
        sales_amount
    from catalogs
)

select * from rated
order by pages_without_sales desc, pages desc, catalog_type asc nulls last, start_year asc nulls last
