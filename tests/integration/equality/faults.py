"""Mistakes that incremental models are known for, planted in a copy of the project: the harness must catch each.

FAULTS names those for which a model's own SQL has to be known. `of_every_incremental_model` plants those that any of them
could have: what is made anew is appended to what was, and files are noted before their rows are there.
"""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from equality.dbt_process import ROOT

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

    An empty `shows_in` stands for the first relations of gold that are made of the model.
    """

    file: str
    right: str
    wrong: str
    shows_in: str = ""


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
        "        {%- do note_changes(fact, is_before=true) -%}\n",
        "",
        "gold.fct_weekly_sales_inventory",
    ),
    "rows stay with the version they had": Fault(
        RENEWED_ROWS,
        "            {%- do run_query(move_rows(fact, link)) -%}\n",
        "",
        "gold.fct_sales",
    ),
    "returns keep what their line was": Fault(
        RENEWED_ROWS,
        "            {%- do run_query(move_returns()) -%}\n",
        "",
        "gold.fct_returns",
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
