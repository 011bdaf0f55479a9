with ops_returns as (
    select * from {{ ref('int_ops__returns') }}
),

all_returns as (
    select * from ops_returns
)

select * from all_returns
