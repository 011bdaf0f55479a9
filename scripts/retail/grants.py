"""Who may do what on Snowflake, read from the scripts: the matrix in docs/snowflake.md."""

import re
from dataclasses import dataclass

from retail import snowflake_scripts
from retail.snowflake_scripts import without_comments


@dataclass(frozen=True, order=True)
class Grant:
    """What a role or user gets: a privilege on an object, or a role (privilege `role`)."""

    to: str
    privilege: str
    on: str

    def row(self) -> tuple[str, str, str]:
        """The cells of the matrix."""
        return (self.to, self.privilege, self.on)


def grants() -> list[Grant]:
    """Every grant of the scripts, in production's names, in the scripts' order. The same on all and on future objects is one."""
    values = snowflake_scripts.example_variables()
    found: dict[Grant, set[str]] = {}
    for name in [
        *(name for name in snowflake_scripts.by_hand() if name.startswith("administrator/")),
        *snowflake_scripts.names(),
    ]:
        for statement in snowflake_scripts.read(name, values).statements:
            if statement.words.startswith("grant "):
                grant, which = _read(" ".join(without_comments(statement.text).lower().split()))
                found.setdefault(grant, set()).add(which)
    return [
        Grant(grant.to, grant.privilege, {"": "", "all": "all present ", "future": "all future ", "all future": "all "}[" ".join(sorted(which - {""}))] + grant.on)
        for grant, which in found.items()
    ]  # fmt: skip


def _read(code: str) -> tuple[Grant, str]:
    """A GRANT statement, and whether it is on all present or on future objects."""
    if role := re.fullmatch(r"grant (?:(database) )?role ([\w.]+) to (?:role|user) (\w+)", code):
        return Grant(role[3], "role", role[2]), ""
    found = re.fullmatch(r"grant (.+?) on (?:(all|future) )?(.+) to role (\w+)", code)
    if not found:
        raise ValueError(f"not understood: {code}")
    return Grant(found[4], found[1], found[3]), found[2] or ""


def matrix() -> str:
    """The matrix as a table of Markdown, a row a grantee and privilege; to be pasted into docs/snowflake.md when grants change."""
    rows: dict[tuple[str, str], list[str]] = {}
    for to, privilege, on in sorted(grant.row() for grant in grants()):
        rows.setdefault((to, privilege), []).append(on)
    lines = ["| to | privilege | on |", "|---|---|---|"]
    return "\n".join(
        lines + [f"| `{to}` | {privilege} | {', '.join(sorted(on))} |" for (to, privilege), on in rows.items()]
    )


if __name__ == "__main__":
    print(matrix())
