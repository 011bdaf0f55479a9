"""Fill a PostgreSQL with the standard retail data set (TPC-DS), as a stand-in for the operational database of `retail extract`.

    createdb retail_demo
    PGDATABASE=retail_demo python scripts/demo_postgres.py --scale 0.1

The connection is libpq's: PGHOST, PGDATABASE, PGUSER, a password file, PGSERVICE. Tables that are there already are left alone and
end the script, unless --replace is given. At scale 1 it takes about a minute and 2 GB.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import duckdb

from retail import extensions, tpcds
from retail.errors import UserError

INDEXED = {feed.name: feed.key for feed in tpcds.FEEDS if feed.source == "ops"}


def fill(scale: float, *, replace: bool = False, schema: str = "public") -> dict[str, int]:
    """Create and fill the tables; the rows of each. Raises UserError where that cannot be done."""
    rows = {}
    with (
        tempfile.TemporaryDirectory(prefix="retail-demo-") as folder,
        tpcds.generated(scale, Path(folder)) as connection,
    ):
        extensions.load(connection, "postgres_scanner")
        try:
            connection.execute("attach '' as operational (type postgres)")
            there = {
                name
                for (name,) in connection.execute(
                    "select table_name from duckdb_tables() where database_name = 'operational' and schema_name = ?",
                    [schema],
                ).fetchall()
            }
            if not replace and there & set(INDEXED):
                raise UserError(
                    f"the database has a table {min(there & set(INDEXED))} already; --replace drops it and the others"
                )
            connection.execute("begin")
            for name, key in INDEXED.items():
                target = f"operational.{schema}.{name}"
                connection.execute(f"drop table if exists {target}")
                rows[name] = connection.execute(
                    f"create table {target} as select * from {name} order by {', '.join(key)}"
                ).fetchone()[0]
            connection.execute("commit")
            for name, key in INDEXED.items():
                for statement in (
                    f"alter table {schema}.{name} add primary key ({', '.join(key)})",
                    f"analyze {schema}.{name}",
                ):
                    connection.execute("call postgres_execute('operational', ?)", [statement])
        except duckdb.Error as error:
            raise UserError(f"PostgreSQL: {' '.join(str(error).split())[:300]}") from None
    return rows


def main() -> None:
    """Fill the database of the environment, and say what was done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=0.1, help="TPC-DS scale factor, 0.01 to 10")
    parser.add_argument("--replace", action="store_true", help="drop the tables that are there")
    arguments = parser.parse_args()
    try:
        rows = fill(arguments.scale, replace=arguments.replace)
    except UserError as error:
        sys.exit(str(error))
    print(f"{len(rows)} tables, {sum(rows.values()):,} rows; extract them with: retail extract")


if __name__ == "__main__":
    main()
