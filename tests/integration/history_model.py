"""The histories as their definition has them, in plain Python, with nothing of the project's SQL: what the property tests compare it with."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

FLOOR = datetime(1900, 1, 1)
CEILING = datetime(9999, 12, 31)
State = Mapping[str, Any]


@dataclass(frozen=True)
class Version:
    """What was true of one thing from `valid_from` until just before `valid_to`.

    `changed_at` is the moment of its own change, `held_until` where the next version starts, and `is_deleted` says that a deletion ended it.
    """

    state: State
    changed_at: datetime
    valid_from: datetime
    valid_to: datetime
    held_until: datetime
    is_deleted: bool

    @property
    def is_current(self) -> bool:
        """Whether nothing ended it."""
        return self.valid_to == CEILING


def history(
    changes: Iterable[tuple[datetime, State | None]],
    alike: Callable[[State, State], bool] = lambda one, other: one == other,
) -> list[Version]:
    """Versions of one thing from what was said of it: (moment, state), None for gone; of one moment the last counts, whatever the order given.

    `alike` says whether two states are one version; the one before counts.
    """
    said: dict[datetime, State | None] = {}
    for moment, state in changes:
        said[moment] = state
    opened: list[tuple[datetime, State]] = []
    ended: dict[int, datetime] = {}
    last: State | None = None
    for moment in sorted(said):
        state = said[moment]
        if state is None and last is not None:
            ended[len(opened) - 1] = moment
        elif state is not None and (last is None or not alike(last, state)):
            opened.append((moment, state))
        else:
            continue
        last = state
    starts = [FLOOR, *(moment for moment, _ in opened[1:]), CEILING]
    return [
        Version(state, moment, starts[place], ended.get(place, starts[place + 1]), starts[place + 1], place in ended)
        for place, (moment, state) in enumerate(opened)
    ]


def held_at(versions: list[Version], moment: datetime | None) -> Version | None:
    """The version that a sale takes: the last that started by then; without a moment the last of all; None where there is none."""
    started = [version for version in versions if moment is None or version.valid_from <= moment]
    return max(started, key=lambda version: version.valid_from) if started else None


def key_of(*values: str | datetime | None) -> str:
    """A surrogate key: MD5 of the values' texts, parted by character 31; character 30 for null."""
    texts = [
        "\x1e" if value is None else value.strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime) else value
        for value in values
    ]
    return hashlib.md5("\x1f".join(texts).encode()).hexdigest()
