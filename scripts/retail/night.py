"""`retail run`: the night in five steps (night_steps.py), one run at a time, each step on record and in a process of its own."""

import fcntl
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path

from rich.table import Table

from retail import console, load, notify, pipes, run_record, settings, step_process
from retail.errors import UserError
from retail.night_steps import STEPS, Night, Result
from retail.run_record import BROKEN, FAILED, INTERRUPTED, NOTHING, RUNNING, SKIPPED, TIMED_OUT, Remark, Step

# Exit codes beside 0 and 1: as `timeout` has it, as sysexits.h calls what may be tried again later, as a shell has Ctrl-C.
TIMED_OUT_CODE, BUSY_CODE, INTERRUPTED_CODE = 124, 75, 130

STYLES = {"failed": "red", "timed_out": "red", "killed": "red", "interrupted": "red", "incomplete": "yellow"}


class Busy(UserError):
    """Another run holds the warehouse."""


def run(
    *,
    full: bool = False,
    wait: float = 60.0,
    on: date | None = None,
    from_step: str | None = None,
    skip: Sequence[str] = (),
    only: str | None = None,
    strict: bool = False,
    run_id: str | None = None,
    tell: bool = True,
    low_stock: bool = False,
) -> int:
    """Run the night with the settings' paths, and say what was done; the exit code.

    `full` builds everything anew, whatever landed; `wait` is how many seconds to wait for another run, and for whoever has the
    database open; `on` is the business date whose files are expected; `strict` stops where one is missing. `from_step`, `skip`
    and `only` say which steps; `run_id` names the run, so that steps run one by one belong together; `tell` notifies, `low_stock` of
    the stock, too. Raises UserError for what the caller got wrong.
    """
    chosen = _chosen(from_step, skip, only)
    seconds = settings.step_seconds()
    database = settings.database()
    identity = run_id or run_record.new_id()
    try:
        with _alone(database, wait, identity) as lock:
            builds = "build" in chosen
            night = Night(on=on, full=full, strict=strict, wait=wait, lock=lock, builds=builds)
            killed = run_record.close_killed(database)
            code = _steps(database, identity, chosen, only, night, seconds)
    except Busy as busy:
        console.err.print(f"retail: {busy}", style="red", markup=False)
        return BUSY_CODE
    if tell:
        for each in killed:
            if each != identity:
                notify.tell(database, each)
        notify.tell(database, identity, low_stock=low_stock)
    return code


def _chosen(from_step: str | None, skip: Sequence[str], only: str | None) -> list[str]:
    """The steps to do. UserError for a name that is none."""
    for name in filter(None, (from_step, only, *skip)):
        if name not in STEPS:
            raise UserError(f"{name} is no step; there are: {', '.join(STEPS)}")
    if only and (from_step or skip):
        raise UserError("--only goes without --from-step and --skip")
    names = list(STEPS)
    if only:
        return [only]
    return [name for name in names[names.index(from_step) if from_step else 0 :] if name not in skip]


def _steps(
    database: Path, identity: str, chosen: list[str], only: str | None, night: Night, seconds: dict[str, float]
) -> int:
    """Do the chosen steps, in order, until one fails; the exit code."""
    _tell_of_the_last(database, chosen)
    # the steps find them read; a faulty one is the first step's error
    with suppress(UserError):
        pipes.read_definitions(load.default_scripts())
    log = run_record.Log(identity)
    attempt = run_record.new_id()
    day = str(night.on) if night.on else None
    log.write("info", "run_started", business_date=day, steps=chosen, pid=os.getpid())
    code, done, stopped = 0, [], False
    for name in STEPS:
        if only and name != only:
            continue
        step = Step(identity, attempt, day, name, run_record.now())
        if name not in chosen or stopped:
            reason = "comes after what failed" if stopped else "left out, as asked"
            step = replace(step, ended_at=step.started_at, outcome=SKIPPED, message=reason)
        else:
            run_record.write(database, step)
            log.write("info", "step_started", step=name)
            result = _do(name, night, seconds[name])
            step = replace(
                step,
                ended_at=run_record.now(),
                outcome=result.outcome,
                message=result.message,
                files=result.files,
                rows=result.rows,
                remarks=tuple(result.remarks),
            )
            code = result.code or code
            stopped = result.outcome in BROKEN
            for remark in result.remarks:
                log.write(remark.severity, remark.kind, step=name, name=remark.name, count=remark.count)
        run_record.write(database, step)
        level = "error" if step.outcome in BROKEN else "warning" if step.outcome == "incomplete" else "info"
        more = {"outcome": step.outcome, "message": step.message, "files": step.files, "rows": step.rows}
        log.write(level, "step_ended", step=name, seconds=round(step.seconds, 3), **more)
        done.append(step)
    if any(step.outcome not in (NOTHING, SKIPPED) for step in done if step.step not in ("check", "schema")):
        # in a process of its own: this one keeps no database open, and has no threads
        step_process.run(partial(run_record.fold, database), settings.STEP_SECONDS["check"])
    log.write("error" if stopped else "info", "run_ended", exit_code=code)
    _show(done, identity, log)
    return code


def _do(name: str, night: Night, seconds: float) -> Result:
    """Do a step in its process; whatever becomes of it, how it ended."""
    ended = step_process.run(lambda: asdict(STEPS[name](night)), seconds)
    if ended.value is not None:
        result = Result(**ended.value)
        result.remarks = [Remark(**remark) for remark in ended.value["remarks"]]
        return result
    if ended.timed_out:
        told = f"stopped after {seconds:g} s, its limit (RETAIL_STEP_SECONDS)"
        console.err.print(f"retail: {name}: {told}; run it again and the rest follows", style="red", markup=False)
        return Result(TIMED_OUT, TIMED_OUT_CODE, told, remarks=[Remark("error", "timed_out", name)])
    if ended.interrupted:
        console.err.print(f"retail: {name}: interrupted; run it again and the rest follows", style="red", markup=False)
        return Result(INTERRUPTED, INTERRUPTED_CODE, remarks=[Remark("error", "interrupted", name)])
    told = ended.error or "its process ended before it was done"
    console.err.print(f"retail: {name}: {told}", style="red", markup=False)
    return Result(FAILED, 1, told, remarks=[Remark("error", "step_failed", name)])


def _tell_of_the_last(database: Path, chosen: list[str]) -> None:
    """Say where the run before failed."""
    last = next(reversed(run_record.runs(database)), None)
    broken = last.broken() if last else None
    if broken:
        what = "everything is done again" if len(chosen) == len(STEPS) else f"this run does: {', '.join(chosen)}"
        console.err.print(
            f"The run before ({last.id}) ended at the step {broken.step}: {broken.outcome.replace('_', ' ')}"
            f"{f', {broken.message}' if broken.message else ''}; {what}.",
            style="yellow",
            markup=False,
        )


def _show(steps: list[Step], identity: str, log: run_record.Log) -> None:
    """The table at the end."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading, justify in (
        ("step", "left"),
        ("outcome", "left"),
        ("s", "right"),
        ("files", "right"),
        ("rows", "right"),
    ):
        table.add_column(heading, justify=justify, no_wrap=True)
    table.add_column("", no_wrap=True)
    for step in steps:
        numbers = ("" if number is None else f"{number:,}" for number in (step.files, step.rows))
        seconds = f"{step.seconds:,.1f}" if step.outcome not in (SKIPPED, RUNNING) else ""
        outcome = step.outcome.replace("_", " ")
        table.add_row(step.step, outcome, seconds, *numbers, step.message, style=STYLES.get(step.outcome))
    console.print_table(table)
    console.out.print(f"Run {identity}; log {settings.shown(log.file)}", markup=False)


@contextmanager
def _alone(database: Path, wait: float, identity: str) -> Iterator[int]:
    """Hold the warehouse against another `retail run`.

    The lock ends with the process that holds it, with the step's and with the dbt that it started, however they end.
    """
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(database.with_name(f"{database.name}.run_lock"), os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise UserError(f"{database.parent}: cannot be written: {error.strerror}") from None
    until = time.monotonic() + wait
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise Busy(
                        f"{database}: another retail run{_holder(handle)} is still at work after {wait:g} s; wait longer with --wait"
                    ) from None
                time.sleep(0.2)
        # where there is no room for it, nobody learns who holds it
        with suppress(OSError):
            os.ftruncate(handle, 0)
            os.pwrite(handle, json.dumps({"pid": os.getpid(), "run": identity, "since": run_record.now()}).encode(), 0)
        yield handle
    finally:
        os.close(handle)


def _holder(handle: int) -> str:
    """Who holds the lock, as they wrote it down."""
    try:
        told = json.loads(os.pread(handle, 4096, 0))
        return f" ({told['run']}, process {told['pid']}, since {datetime.fromisoformat(told['since']):%Y-%m-%d %H:%M:%S} UTC)"
    except (ValueError, KeyError, TypeError, OSError):
        return ""
