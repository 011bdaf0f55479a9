"""From a sequence that fails to the shortest that still does: fewer worlds, runs, files and rows, and nights in which less happens."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from equality.sequences import File, Run, Sequence

Item = TypeVar("Item")
Fails = Callable[[Sequence], bool]


class _OutOfTime(Exception):
    pass


def shortest(sequence: Sequence, fails: Fails, seconds: float, tell: Callable[[str], None] = print) -> Sequence:
    """The shortest sequence found within `seconds` for which `fails` holds, starting from one for which it does."""
    best = sequence
    end = time.monotonic() + seconds
    tried: set[str] = set()

    def attempt(candidate: Sequence) -> bool:
        nonlocal best
        if time.monotonic() > end:
            raise _OutOfTime
        text = str(candidate)
        if text in tried or not candidate.runs:
            return False
        tried.add(text)
        if not fails(candidate):
            return False
        best = candidate
        tell(f"  still fails: {len(best.runs)} runs, {len(best.files())} files, {best.size()} rows")
        return True

    steps = (_fewer_worlds, _plainer_nights, _fewer_runs, _fewer_feeds, _fewer_files, _fewer_rows)
    try:
        before = None
        while before != str(best):
            before = str(best)
            for step in steps:
                step(lambda: best, attempt)
    except _OutOfTime:
        tell("  no more time to make it shorter")
    return best


def _reduce(items: list[Item], attempt: Callable[[list[Item]], bool]) -> None:
    """Leave out ever smaller parts of a list, for as long as the rest still fails."""
    part = max(len(items) // 2, 1)
    while items:
        start, shorter = 0, False
        while start < len(items):
            rest = items[:start] + items[start + part :]
            if attempt(rest):
                items, shorter = rest, True
            else:
                start += part
        if part == 1 and not shorter:
            return
        part = max(part // 2, 1) if not shorter or part > 1 else 1


def keep(sequence: Sequence, wanted: Callable[[File], File | None]) -> Sequence:
    """A sequence with each file as `wanted` makes it, or without it."""
    runs = []
    for run in sequence.runs:
        files = tuple(file for file in map(wanted, run.files) if file is not None)
        runs.append(replace(run, files=files))
    return Sequence(tuple(runs))


def _without_rows(sequence: Sequence, wanted: Callable[[File, int], bool]) -> Sequence:
    def shorter(file: File) -> File | None:
        rows = tuple(row for number, row in enumerate(file.rows) if wanted(file, number))
        # a file that had rows and has none now goes; one that had none is there on purpose
        return replace(file, rows=rows) if rows or not file.rows else None

    return keep(sequence, shorter)


def _fewer_worlds(best: Callable[[], Sequence], attempt: Fails) -> None:
    whole = best()

    def without(worlds: list[int]) -> Sequence:
        return _without_rows(whole, lambda file, number: file.rows[number].world in (0, *worlds))

    # nearly always one world shows it alone
    for world in whole.worlds():
        if len(whole.worlds()) > 1 and attempt(without([world])):
            return
    _reduce(whole.worlds(), lambda worlds: attempt(without(worlds)))


def _plainer_nights(best: Callable[[], Sequence], attempt: Fails) -> None:
    def with_run(number: int, **changes: object) -> Sequence:
        runs = list(best().runs)
        runs[number] = replace(runs[number], **changes)
        return Sequence(tuple(runs))

    every = {name: value for run in best().runs[-1:] for name, value in (("sources", run.sources),)}
    plain = {"built": True, "again": False, "killed_at": None, "refreshed": None, "early": False, "selected": False}
    if attempt(Sequence(tuple(replace(run, **plain, **every) for run in best().runs))):
        return
    for number in range(len(best().runs)):
        if not best().runs[number].plain() and not attempt(with_run(number, **plain)):
            for name, value in plain.items():
                attempt(with_run(number, **{name: value}))
        attempt(with_run(number, **every))


def _fewer_runs(best: Callable[[], Sequence], attempt: Fails) -> None:
    number = 0
    while number < len(best().runs) > 1:
        runs = best().runs
        if attempt(Sequence(runs[:number] + runs[number + 1 :])):
            continue
        if number + 1 < len(runs):
            together: Run = replace(runs[number + 1], files=runs[number].files + runs[number + 1].files)
            if attempt(Sequence(runs[:number] + (together,) + runs[number + 2 :])):
                continue
        number += 1


def _fewer_feeds(best: Callable[[], Sequence], attempt: Fails) -> None:
    _fewer_of(best(), lambda file: file.source, attempt)
    _fewer_of(best(), lambda file: file.feed, attempt)


def _fewer_of(whole: Sequence, name_of: Callable[[File], str], attempt: Fails) -> None:
    names = sorted({name_of(file) for file in whole.files()})
    _reduce(names, lambda some: attempt(keep(whole, lambda file: file if name_of(file) in some else None)))


def _fewer_files(best: Callable[[], Sequence], attempt: Fails) -> None:
    _fewer_of(best(), lambda file: file.path, attempt)


def _fewer_rows(best: Callable[[], Sequence], attempt: Fails) -> None:
    whole = best()
    rows = [(file.path, number) for file in whole.files() for number in range(len(file.rows))]

    def only(some: list[tuple[str, int]]) -> bool:
        wanted = set(some)
        return attempt(_without_rows(whole, lambda file, number: (file.path, number) in wanted))

    _reduce(rows, only)
