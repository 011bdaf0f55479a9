"""The skeleton of a new source: from a sample file to scripts and models that load and build, with the mapping left to fill in.

Everything a source needs lies in files of its own; the one shared line that changes is the variable `sources` in dbt_project.yml.
"""

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import yaml

from retail import console, pipes, settings, skeleton, sniff
from retail.errors import UserError
from retail.sniff import Sample

CONTRACTS = {
    "sales_lines": "sales",
    "returns": "sales",
    "products": "products",
    "customers": "customers",
    "stock_counts": "inventory",
}
"""The conformed contracts and the folder below models/intermediate/ that holds each."""

# `retail load`'s tables and the count of landed files have these names
_TAKEN = frozenset({"audit", "landing", "landed", "bronze", "silver", "gold", "seeds", "snapshots"})


@dataclass(frozen=True)
class Plan:
    """What is about to be written: texts by path relative to the project's root, and the new text of dbt_project.yml (None: as it is)."""

    files: dict[str, str]
    project: str | None


def run(
    name: str,
    file: str,
    *,
    feed: str | None,
    key: str | None,
    kind: str,
    fills: list[str],
    add: bool,
    root: Path | None = None,
) -> None:
    """Write the skeleton of a source and say what is left to do. Raises UserError, having written nothing."""
    root = root or settings.project_root()
    sample_file = Path(file)
    feed = feed or _feed_of(sample_file)
    _check_names(name, feed)
    contracts = _contracts(fills)
    if kind not in ("log", "state"):
        raise UserError(f"--kind {kind}: `log` (rows append) or `state` (each file is the whole table)")
    _check_source(root, name, add)
    sample = sniff.read_sample(sample_file)
    keys = _keys(key, sample)
    plan = make_plan(root, name, feed, kind, keys, contracts, sample)
    write(root, plan)
    _forget_parse(root)
    _report(plan, name, feed, sample, contracts)


def make_plan(
    root: Path, name: str, feed: str, kind: str, keys: list[str], contracts: list[str], sample: Sample
) -> Plan:
    """All texts of the skeleton, checked: no target exists, the scripts are what the loader carries out."""
    version = _next_version(root)
    scripts = {
        f"scripts/snowflake/V1.3.{version}__bronze_table_{name}_{feed}.sql": skeleton.bronze_script(name, feed, sample),
        f"scripts/snowflake/V1.4.{version}__pipe_{name}_{feed}.sql": skeleton.pipe_script(name, feed, sample),
    }
    first = not (root / f"models/staging/{name}").exists()
    staging = f"models/staging/{name}/stg_{name}__{feed}"
    files = {
        **scripts,
        f"macros/accounting/feeds/feeds_of_{name}__{feed}.sql": skeleton.feeds_macro(name, feed, kind, keys, contracts),
        f"models/staging/{name}/_{name}__{'' if first else feed + '__'}sources.yml": skeleton.sources_yml(
            name, feed, sample
        ),
        f"{staging}.sql": skeleton.staging_sql(name, feed, keys, sample),
        f"{staging}.yml": skeleton.staging_yml(name, feed, keys, sample),
    }
    for place, contract in enumerate(contracts):
        columns = contract_columns(root, contract)
        mapping = f"models/intermediate/{name}/int_{name}__{contract}"
        files[f"{mapping}.sql"] = skeleton.mapping_sql(name, feed, kind, keys, contract, columns)
        files[f"{mapping}.yml"] = skeleton.mapping_yml(name, feed, contract, counted=place == 0)
    there = [path for path in files if (root / path).exists()]
    if there:
        more = f" (and {len(there) - 1} more)" if len(there) > 1 else ""
        raise UserError(f"{there[0]} exists{more}; nothing was written: choose another --feed or --fills, or remove it")
    _check_scripts(root, scripts)
    return Plan(files, _project_with(root, name))


def write(root: Path, plan: Plan) -> None:
    """Write all of the plan or, where a file cannot be written, nothing."""
    written: list[Path] = []
    try:
        for relative, text in plan.files.items():
            path = root / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as target:
                written.append(path)
                target.write(text)
        if plan.project is not None:
            new = root / "dbt_project.yml.new"
            new.write_text(plan.project, encoding="utf-8")
            new.replace(root / "dbt_project.yml")
    except OSError as error:
        for path in written:
            path.unlink(missing_ok=True)
        raise UserError(f"{error.filename}: cannot be written: {error.strerror}; nothing was kept") from None


def _forget_parse(root: Path) -> None:
    """Remove dbt's cache of the parsed project: it does not see that a new feeds_of_... macro changes what feeds() says."""
    target = root / (os.environ.get("DBT_TARGET_PATH") or "target")
    (target / "partial_parse.msgpack").unlink(missing_ok=True)


def contract_columns(root: Path, contract: str) -> list[dict[str, str]]:
    """The documented columns of a conformed contract: name, data_type, description."""
    path = root / "models" / "intermediate" / CONTRACTS[contract] / f"int_{contract}.yml"
    try:
        (model,) = yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
        return [
            {part: str(column[part]) for part in ("name", "data_type", "description")} for column in model["columns"]
        ]
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as error:
        raise UserError(f"{path}: the contract's columns cannot be read from it: {error}") from None


# -- checks -----------------------------------------------------------------------------------------------------------


def _feed_of(file: Path) -> str:
    """The stem of the sample's name, without a date at its end."""
    stem = file.name.split(".")[0]
    return sniff.snake_case(re.sub(r"[-_ ]?\d{4}[-_]?\d{2}([-_]?\d{2})?$", "", stem))


def _check_names(name: str, feed: str) -> None:
    if not re.fullmatch(r"[a-z]{2,30}", name):
        raise UserError(
            f"{name!r} cannot name a source: 2 to 30 lower-case letters a to z, such as pos (it becomes stg_pos__…)"
        )
    if not re.fullmatch(r"[a-z](_?[a-z])*", feed) or len(feed) > 60:
        raise UserError(
            f"{feed!r} cannot name a feed: lower-case words joined by single underscores; name it with --feed, such as --feed sales"
        )
    reserved = sniff.reserved_words()
    for what, word in (("source", name), ("feed", feed)):
        if word in reserved:
            raise UserError(
                f"{word!r} cannot name a {what}: it is a reserved word of SQL; choose another, such as {word}s"
            )
    if name in _TAKEN:
        raise UserError(f"{name!r} cannot name a source: the project uses that word itself; choose another")


def _contracts(fills: list[str]) -> list[str]:
    wanted = [part.strip() for each in fills or ["sales_lines"] for part in each.split(",")]
    if wanted == ["none"]:
        return []
    for contract in wanted:
        if contract not in CONTRACTS:
            raise UserError(f"--fills {contract}: no such contract; there are {', '.join(CONTRACTS)}, or none alone")
    return list(dict.fromkeys(wanted))


def _keys(key: str | None, sample: Sample) -> list[str]:
    """The staged names of the key's columns, which may be given as in the file; empty: the whole row is the key."""
    names = {}
    for column in sample.columns:
        for name in (*column.names, column.name, column.bronze, column.header):
            names.setdefault(name, column.names)
    keys: list[str] = []
    for part in filter(None, (each.strip() for each in (key or "").split(","))):
        found = names.get(part) or names.get(part.lower())
        if not found:
            there = ", ".join(name for column in sample.columns for name in column.names)
            raise UserError(f"--key {part}: the sample has no such column; it has {there}")
        keys += [name for name in found if name not in keys]
    return keys


def _check_source(root: Path, name: str, add: bool) -> None:
    project = yaml.safe_load((root / "dbt_project.yml").read_text(encoding="utf-8"))
    folder = root / "models" / "staging" / name
    exists = folder.exists() or name in project["vars"]["sources"]
    if exists and not add:
        raise UserError(
            f"the source {name} exists ({folder.relative_to(root)}); nothing was written: choose another name, or --add to add a feed to it"
        )
    if add and not folder.exists():
        raise UserError(f"--add: there is no source {name} ({folder.relative_to(root)}) to add a feed to")


def _next_version(root: Path) -> int:
    """The first number that neither the table scripts (V1.3.) nor the pipe scripts (V1.4.) have passed."""
    numbers = [
        int(found[1])
        for script in (root / "scripts" / "snowflake").glob("V1.[34].*__*.sql")
        if (found := re.match(r"V1\.[34]\.(\d+)__", script.name))
    ]
    return max(numbers, default=-1) + 1


def _check_scripts(root: Path, scripts: dict[str, str]) -> None:
    """Read the new scripts as the loader will, beside those that are there."""
    with tempfile.TemporaryDirectory() as scratch:
        for script in (root / "scripts" / "snowflake").glob("V1.[012]*.sql"):
            (Path(scratch) / script.name).write_text(script.read_text(encoding="utf-8"), encoding="utf-8")
        for path, text in scripts.items():
            (Path(scratch) / Path(path).name).write_text(text, encoding="utf-8")
        pipes.read_definitions(Path(scratch))


def _project_with(root: Path, name: str) -> str | None:
    """dbt_project.yml with the source among the variable `sources`; None where it is there already."""
    text = (root / "dbt_project.yml").read_text(encoding="utf-8")
    sources = yaml.safe_load(text)["vars"]["sources"]
    if name in sources:
        return None
    changed, count = re.subn(r"(?m)^(  sources: \[[^\]]*)\]", rf"\1, {name}]" if sources else rf"\1{name}]", text)
    if count != 1 or yaml.safe_load(changed)["vars"]["sources"] != [*sources, name]:
        raise UserError(
            "dbt_project.yml: the variable `sources` is not one line `  sources: [...]`; write it so, then run this again (nothing was written)"
        )
    return changed


# -- the face ---------------------------------------------------------------------------------------------------------


def _report(plan: Plan, name: str, feed: str, sample: Sample, contracts: list[str]) -> None:
    console.out.print(f"Columns of {name}.{feed}, from {sample.read} records:", markup=False)
    for column in sample.columns:
        kinds = ", ".join(f"{staged.name} {staged.type}" for staged in column.staged) or f"{column.name} varchar"
        console.out.print(f"  {column.header} -> {kinds}", markup=False)
        for note in column.notes:
            console.out.print(f"      {note}", markup=False)
        if column.misfits:
            must = column.staged[0].must_be
            console.out.print(
                f"      {column.misfits} of {column.values} values are not {must}, such as {column.misfit!r}: such rows will be rejected",
                markup=False,
            )
    for note in sample.notes:
        console.out.print(f"  {note}", markup=False)
    console.out.print("\nWritten:")
    for path in plan.files:
        console.out.print(f"  {path}", markup=False)
    if plan.project is not None:
        console.out.print(f"  dbt_project.yml: {name} is now among `sources` (the one line changed)", markup=False)
    ending = ".csv or .csv.gz" if sample.format == "csv" else ".parquet"
    console.out.print("\nIt loads and builds as it is. What is left to do:")
    steps = [
        f"land the files: landing/{name}/{feed}/dt=YYYY-MM-DD/<file> ({ending}), then retail load {name}",
        f"read models/staging/{name}/stg_{name}__{feed}.sql: names, types, what rejects a row; say in its .yml what each column means",
        *(
            f"fill in models/intermediate/{name}/int_{name}__{contract}.sql: each `cast(null as ...)` the source knows; then remove `where false`"
            for contract in contracts
        ),
        "dbt build, then look at audit.audit_row_accounting and audit.audit_rejected_rows",
    ]
    for number, step in enumerate(steps, 1):
        console.out.print(f"  {number}. {step}", markup=False)
    console.out.print("docs/add-a-source.md goes through it with an example.")
