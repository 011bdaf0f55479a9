"""Mistakes that incremental models are known for, planted in a copy of the project: the harness must catch each.

FAULTS names those for which a model's own SQL has to be known. `of_every_incremental_model` plants those that any of them
could have: what is made anew is appended to what was, and files are noted before their rows are there.
"""

import re
import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from equality import worlds
from equality.dbt_process import ROOT
from equality.sequences import File, Row, Run, Sequence

PROJECT = (
    "dbt_project.yml",
    "models",
    "macros",
    "seeds",
    "snapshots",
    "analyses",
    "docs",
    "tests/generic",
    "tests/singular",
)


@dataclass(frozen=True)
class Fault:
    """A mistake: in which file, which text is replaced by which, and a relation of gold that it makes wrong.

    An empty `shows_in` stands for the first relations of gold that are made of the model. `nights`: the fewest that show it, for a
    fault that drawn sequences show too seldom.
    """

    file: str
    right: str
    wrong: str
    shows_in: str = ""
    nights: Sequence | None = None


def landed(feed: str, name: str, *rows: dict) -> File:
    """A file of a feed; `name` sorts it among the feed's files."""
    ending = "parquet" if feed.startswith("ops.") else "csv"
    return File(f"{feed.replace('.', '/')}/dt=2024-01-15/{name}.{ending}", feed, tuple(Row(1, row) for row in rows))


def _sale(day: int) -> dict:
    return {
        "cs_order_number": 1,
        "cs_item_sk": 1,
        "cs_warehouse_sk": 1,
        "cs_sold_date_sk": worlds.day_number(day),
        "cs_quantity": 2,
    }


CALENDAR = landed(
    "ops.date_dim",
    "date_dim",
    *(
        {"d_date_sk": worlds.day_number(day), "d_date": str(worlds.FIRST_DAY + timedelta(days=day))}
        for day in range(worlds.DAYS)
    ),
)
# a line of a known product in a known warehouse, and its return; then its correction, to another week
LINE_MOVES = Sequence(
    (
        Run(
            (
                CALENDAR,
                landed("ops.item", "item", {"i_item_sk": 1, "i_item_id": "A"}),
                landed("ops.warehouse", "warehouse", {"w_warehouse_sk": 1, "w_warehouse_id": "H"}),
                landed("ops.catalog_sales", "a", _sale(20)),
                landed("ops.catalog_returns", "a", {"cr_order_number": 1, "cr_item_sk": 1, "cr_return_quantity": 1}),
            ),
            worlds.SOURCES,
        ),
        Run((landed("ops.catalog_sales", "b", _sale(6)),), worlds.SOURCES),
    )
)
# an order; then the customer's version of that day
VERSION_AFTER_THE_SALE = Sequence(
    (
        Run(
            (
                landed("shop.customers", "a", {"customer_id": "C1", "updated_at": "2024-01-01 00:00:00", "op": "I"}),
                landed(
                    "shop.orders",
                    "a",
                    {
                        "order_id": "O1",
                        "line_number": "1",
                        "customer_id": "C1",
                        "ordered_at": "2024-01-10 00:00:00",
                        "quantity": "1",
                    },
                ),
            ),
            worlds.SOURCES,
        ),
        Run(
            (
                landed(
                    "shop.customers",
                    "b",
                    {"customer_id": "C1", "first_name": "Bea", "updated_at": "2024-01-05 00:00:00", "op": "U"},
                ),
            ),
            worlds.SOURCES,
        ),
    )
)


CUSTOMER_VERSIONS = "models/intermediate/shop/int_shop__customer_versions.sql"
RENEWED_ROWS = "macros/incremental/renewed_rows.sql"
PRODUCT_VERSIONS = "models/intermediate/shop/int_shop__product_versions.sql"
HISTORY = "models/marts/core/dim_customers_history.sql"
NEW_CUSTOMERS = """    where customer_id_text in (
        select spelled.customer_id_text
        from {{ ref('stg_shop__customers') }} as spelled
        where spelled.customer_id in (
            select named.customer_id
            from {{ ref('stg_shop__customers') }} as named
            where named._file_name in ({{ new_files([['shop', 'customers']]) }})
        )
    )
"""
NEW_PRODUCTS = NEW_CUSTOMERS.replace("customer", "product")

FAULTS = {
    "only the rows of new files are read, not the customer's older ones": Fault(
        CUSTOMER_VERSIONS,
        NEW_CUSTOMERS,
        "    where _file_name in ({{ new_files([['shop', 'customers']]) }})\n",
        "gold.dim_customers_history",
    ),
    "only rows later than the latest so far are read": Fault(
        PRODUCT_VERSIONS,
        NEW_PRODUCTS,
        "    where updated_at > (select max(updated_at) from {{ this }})\n",
        "gold.dim_products_history",
    ),
    "only rows loaded after the last loaded so far are read": Fault(
        PRODUCT_VERSIONS,
        "            where named._file_name in ({{ new_files([['shop', 'products']]) }})\n",
        "            where named._loaded_at > (select max(seen._loaded_at) from {{ ref('stg_shop__products') }} as seen\n"
        "            inner join {{ ref('int_taken_files') }} as taken on seen._file_name = taken.file_name)\n",
        "gold.dim_products_history",
    ),
    "versions that are no more stay": Fault(
        CUSTOMER_VERSIONS,
        "unique_key='customer_id'",
        "unique_key=['customer_id', 'updated_at']",
        "gold.dim_customers_history",
    ),
    "files of a source that is switched off stay noted": Fault(
        "macros/incremental/taken_files.sql",
        "        and file_name like '%/%'\n        and file_name not in",
        "        and false\n        and file_name not in",
        "gold.dim_customers_history",
    ),
    "a fact says which days it changed as they are, not as they were": Fault(
        RENEWED_ROWS,
        "        {%- do run_query(delete_landed_rows(fact)) -%}\n",
        # after that, for the rows that are to go are found by what is noted
        "        {%- do run_query(delete_landed_rows(fact)) -%}\n"
        "        {%- do run_query('delete from ' ~ built('silver', 'int_changed_rows') ~ ' where is_before') -%}\n",
        "gold.fct_weekly_sales_inventory",
        LINE_MOVES,
    ),
    "rows stay with the version they had": Fault(
        RENEWED_ROWS,
        "            {%- do run_query(move_rows(fact, link)) -%}\n",
        "",
        "gold.fct_sales",
        VERSION_AFTER_THE_SALE,
    ),
    "returns keep what their line was": Fault(
        RENEWED_ROWS,
        "            {%- do run_query(move_returns()) -%}\n",
        "",
        "gold.fct_returns",
        LINE_MOVES,
    ),
}


CONFIG = re.compile(r"\{\{ config\(\n.*?\n\) \}\}", re.DOTALL)
# hooks that remove what the model makes anew
DELETES = re.compile(r"""(?:, )?"\{\{ (?:delete_\w+|forget_passed_over_rows|begin_\w+|clear_\w+)\([^"]*?\) \}\}\"""")
TAKES = re.compile(r"""("\{\{ (?:take|keep)_\w+\([^"]*?\) \}\}")""")
HOOK = re.compile(r"^\s+(pre_hook|post_hook)=\[?(.*?)\]?,?$")


def of_every_incremental_model() -> dict[str, Fault]:
    """By a name that says what is wrong: two faults for each incremental model that takes files, where its config has the text."""
    found = {}
    for script in sorted((ROOT / "models").rglob("*.sql")):
        configured = CONFIG.search(script.read_text())
        if (
            not configured
            or "materialized='incremental'" not in configured[0]
            or not re.search("(take|keep)_", configured[0])
        ):
            continue
        file, right = str(script.relative_to(ROOT)), configured[0]
        appended = right.replace("incremental_strategy='delete+insert'", "incremental_strategy='append'")
        appended = DELETES.sub("", appended).replace("pre_hook=,", "pre_hook=[],")
        if appended != right:
            found[f"{script.stem} appends what it makes anew"] = Fault(file, right, appended)
        found[f"{script.stem} notes files before it has their rows"] = Fault(file, right, _noted_before(right))
    return found


def _noted_before(config: str) -> str:
    """A config, a hook a line, whose notes of taken files are made before the model's transaction."""
    first, *lines, last = config.splitlines()
    hooks = {found[1]: found[2] for line in lines if (found := HOOK.match(line))}
    early = [f'{{"sql": {each}, "transaction": false}}' for each in TAKES.findall(hooks.get("post_hook", ""))]
    before = ", ".join(filter(None, [hooks.get("pre_hook"), *early]))
    others = [line for line in lines if not HOOK.match(line)]
    return "\n".join([first, *others, f"    pre_hook=[{before}]", last])


def copy_project(folder: Path) -> Path:
    """A copy of the project, to be changed."""
    for name in PROJECT:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def plant(fault: Fault, folder: Path) -> Path:
    """A copy of the project with a fault. ValueError where the text that it replaces is not there once."""
    copy_project(folder)
    text = (folder / fault.file).read_text()
    if text.count(fault.right) != 1:
        raise ValueError(f"{fault.file} does not hold this once: {fault.right}")
    (folder / fault.file).write_text(text.replace(fault.right, fault.wrong))
    return folder
