-- Ratings and words of feedback by month and category.
-- Look out for: few sources ask; the column is not called as the pages' filter is, so that their answers are always seen. Rating and word
-- are given separately, and now and then contradict each other.
with ends as (
    {{ sales_ends() }}
),

feedback as (
    select * from {{ ref('fct_customer_feedback') }}
),

dates as (
    select * from {{ ref('dim_dates') }}
),

products as (
    select * from {{ ref('dim_products_history') }}
),

final as (
    select
        ends.source_title as feedback_source,
        dates.month_start_date,
        coalesce(products.category_name, 'Unknown') as category_name,
        coalesce(cast(feedback.rating as varchar), 'none') as rating,
        case feedback.feedback_score
            when 1 then 'Bad'
            when 2 then 'Average'
            when 3 then 'Good'
            when 4 then 'Excellent'
            else 'none'
        end as feedback_word,
        coalesce(feedback.feedback_score, 0) as feedback_order,
        count(*) as answers,
        count(feedback.rating) as ratings,
        cast(sum(coalesce(feedback.rating, 0)) as bigint) as rating_points,
        count(case when feedback.is_contradictory then 1 end) as contradictory_answers
    from feedback
    inner join ends
        on feedback.source_name = ends.source_name
    inner join dates
        on feedback.sold_date_key = dates.date_key
    inner join products
        on feedback.product_key = products.product_key
    group by ends.source_title, dates.month_start_date, products.category_name, feedback.rating, feedback.feedback_score
)

select * from final
order by feedback_source asc, month_start_date asc nulls last, category_name asc, rating asc, feedback_order asc
