"""`retail land`: files from anywhere into the landing zone, under the feed that they belong to.

Nothing that has landed is overwritten. A file that is there already is left alone; one with the same name and other content gets
a name of its own that comes after it in the order of rows, so that its rows count as the later ones.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from retail import console, landing_zone, load, pipes
from retail.errors import UserError
from retail.landed import NOT_LANDED_PREFIXES, NOT_LANDED_SUFFIXES
from retail.landing_zone import Bucket, Folder
from retail.pipes import Pipe

ENDINGS = {"csv": (".csv", ".csv.gz"), "parquet": (".parquet",)}
GZIP, PARQUET = b"\x1f\x8b", b"PAR1"

LANDED, SAME, PLANNED = "landed", "there already", "would land"

Report = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Place:
    """Where a file belongs: its pipe, business date and name."""

    pipe: Pipe
    day: date
    name: str

    @property
    def folder(self) -> str:
        """The folder below the landing zone's root."""
        return f"{self.pipe.prefix}dt={self.day}/"


@dataclass(frozen=True)
class Landed:
    """What became of a file: under which name it is or would be in the landing zone, its bytes and SHA-256."""

    source: Path
    name: str
    status: str
    bytes: int
    sha256: str
    note: str = ""


@dataclass
class Result:
    """What a run did; `problems`: files that are not landed, a line each."""

    files: list[Landed] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0: all is in the landing zone. 1: something is not."""
        return int(bool(self.problems))


class Refused(Exception):
    """A file that cannot land as it is."""


def land(
    zone: Folder | Bucket,
    files: Iterable[Path],
    *,
    feed: str | None = None,
    day: date | None = None,
    dry_run: bool = False,
    report: Report = lambda name, done, total: None,
) -> Result:
    """Land files, folders with all that lies below them. `feed` and `day` count for those that do not tell them by their path.

    Raises UserError for an unknown feed, and where the landing zone cannot be used.
    """
    defined = {load.feed_name(pipe): pipe for pipe in pipes.read_definitions(load.default_scripts()).pipes}
    if feed and feed not in defined:
        raise UserError(f"--feed {feed}: there is no such feed; known are {', '.join(sorted(defined))}")
    result = Result()
    found = sorted(_found(files, result), key=str)
    total = sum(path.stat().st_size for path in found)
    done = 0
    taken: dict[str, str] = {}
    for path in found:
        size = path.stat().st_size
        report(path.name, done, total)
        try:
            place = place_of(path, defined, feed, day)
            check_content(path, place.pipe)
            sent = [done]

            def part(count: int, sent: list[int] = sent, name: str = path.name) -> None:
                sent[0] += count
                report(name, sent[0], total)

            result.files.append(_land(zone, path, place, taken, dry_run, part))
        except Refused as reason:
            result.problems.append(f"{path}: {reason}")
        except landing_zone.Damaged:
            result.problems.append(f"{path}: changed while it was copied, or was damaged on the way; land it again")
        except FileExistsError:
            result.problems.append(f"{path}: another run landed a file of that name just now; run it again")
        except OSError as error:
            result.problems.append(f"{path}: {error.strerror or error}")
        done += size
    return result


def _found(files: Iterable[Path], result: Result) -> Iterable[Path]:
    for path in dict.fromkeys(files):
        if path.is_dir():
            below = [each for each in path.rglob("*") if each.is_file()]
            # what is not meant to land is passed over in a folder, and refused by name
            yield from (each for each in below if not _unfinished(each.relative_to(path).parts))
            if not below:
                result.problems.append(f"{path}: an empty folder")
        elif path.is_file():
            yield path
        else:
            result.problems.append(f"{path}: there is no such file")


def _unfinished(parts: Iterable[str]) -> bool:
    return any(part.startswith(NOT_LANDED_PREFIXES) or part.endswith(NOT_LANDED_SUFFIXES) for part in parts)


# -- where a file belongs ---------------------------------------------------------------------------------------------


def place_of(path: Path, defined: dict[str, Pipe], feed: str | None, day: date | None) -> Place:
    """The place of a file, from its path where that ends as in a landing zone, else from its name and what was asked for.

    Raises Refused where the feed or date is not known, or the name does not fit.
    """
    name = path.name
    if _unfinished([name]):
        raise Refused(
            "a name that begins with . or _, or ends in .tmp or .part, is of a file not yet finished; rename it"
        )
    if not name.isprintable() or any(mark in name for mark in "\\*?[]"):
        raise Refused("its name holds a control character or one of \\ * ? [ ]; rename it")
    pipe, from_path = _pipe_of(path, defined, feed), _dt(path.resolve().parts)
    endings = ENDINGS[pipe.file_format.type]
    if not name.endswith(endings):
        raise Refused(f"{load.feed_name(pipe)} takes files that end in {' or '.join(endings)}")
    days = {one for one in (from_path, _day_of(name)) if one}
    if not day and not days:
        raise Refused("neither its folder (dt=YYYY-MM-DD) nor its name tells the business date; give it with --date")
    return Place(pipe, day or from_path or days.pop(), name)


def _pipe_of(path: Path, defined: dict[str, Pipe], feed: str | None) -> Pipe:
    parts = path.resolve().parts[:-1]
    by_path = [pipe for pipe in defined.values() if _holds(parts, tuple(pipe.prefix.strip("/").split("/")))]
    if feed:
        return defined[feed]
    if len(by_path) == 1 and _dt(parts):
        return by_path[0]
    words = _words(path.name)
    names = {known: _words(known.partition(".")[2]) for known in defined}
    fits = [known for known, its in names.items() if words[: len(its)] == its]
    longest = max((len(names[known]) for known in fits), default=0)
    fits = [known for known in fits if len(names[known]) == longest]
    if len(fits) == 1:
        return defined[fits[0]]
    if fits:
        raise Refused(f"may be of {' or '.join(sorted(fits))}; say which with --feed")
    raise Refused(f"its name begins with no feed's; say which it is with --feed: {', '.join(sorted(defined))}")


def _holds(parts: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    return any(parts[at : at + len(wanted)] == wanted for at in range(len(parts)))


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[^a-z0-9]+", name.lower()) if word]


def _dt(parts: Iterable[str]) -> date | None:
    days = [_as_day(part.removeprefix("dt=")) for part in parts if part.startswith("dt=")]
    return days[-1] if days else None


def _day_of(name: str) -> date | None:
    """The one date in a name, YYYY-MM-DD or YYYYMMDD; None where there is none, or are several."""
    found = re.findall(r"(?<!\d)(\d{4})(-?)(\d\d)\2(\d\d)(?!\d)", name)
    days = {day for year, _, month, of_month in found if (day := _as_day(f"{year}-{month}-{of_month}"))}
    return days.pop() if len(days) == 1 else None


def _as_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
    except ValueError:
        return None


def check_content(path: Path, pipe: Pipe) -> None:
    """Raise Refused for a file that is not what its name says: cheap to see here, and a failed load later."""
    size = path.stat().st_size
    with open(path, "rb") as stream:
        head = stream.read(4)
        stream.seek(max(0, size - 4))
        tail = stream.read(4)
    if not size:
        raise Refused("is empty")
    if pipe.file_format.type == "parquet" and (head != PARQUET or tail != PARQUET):
        raise Refused("is not a whole Parquet file: cut off, or something else under this name")
    if pipe.file_format.type == "csv" and (head[:2] == GZIP) != path.name.endswith(".gz"):
        is_packed = "is packed with gzip, and its name does not end in .gz"
        raise Refused(is_packed if head[:2] == GZIP else "is not packed with gzip, as its name says")


# -- landing ----------------------------------------------------------------------------------------------------------


def _land(
    zone: Folder | Bucket,
    path: Path,
    place: Place,
    taken: dict[str, str],
    dry_run: bool,
    report: Callable[[int], None],
) -> Landed:
    """Land a file, unless it is there. `taken`: names and contents that this run has landed, or would have."""
    digest, size = landing_zone.sha256(path), path.stat().st_size
    versions = _versions(zone, place, taken)
    for name in reversed(versions):
        if (taken.get(name) or zone.digest(name)) == digest:
            older = name != versions[-1]
            note = f"{versions[-1]} came after it and counts; to count again it needs a later --date" if older else ""
            return Landed(path, name, SAME, size, digest, note)
    name, note = place.folder + place.name, ""
    if versions:
        name = place.folder + _next_name(place.name, versions, digest)
        note = f"other content than {versions[-1]}, which stays; its rows count as later ones"
    taken[name] = digest
    if dry_run:
        return Landed(path, name, PLANNED, size, digest, note)
    zone.place(path, name, digest, report)
    return Landed(path, name, LANDED, size, digest, note)


def _parted(name: str) -> tuple[str, str]:
    """A name without its ending, and the ending."""
    ending = next(
        ending for endings in ENDINGS.values() for ending in sorted(endings, key=len)[::-1] if name.endswith(ending)
    )
    return name.removesuffix(ending), ending


def _versions(zone: Folder | Bucket, place: Place, taken: dict[str, str]) -> list[str]:
    """The names under which files of this name have landed, in the order of rows."""
    stem, ending = _parted(place.name)
    pattern = re.compile(rf"{re.escape(place.folder + stem)}(_\d{{3,}}_[0-9a-f]{{8}})?{re.escape(ending)}")
    names = {name for name in [*zone.names(place.folder), *taken] if pattern.fullmatch(name)}
    return sorted(names, key=str.encode)


def _next_name(name: str, versions: list[str], digest: str) -> str:
    """A name that comes after the versions that there are: `_` comes after `.`, and numbers of three digits stay in order."""
    stem, ending = _parted(name)
    numbers = [re.search(rf"_(\d{{3,}})_[0-9a-f]{{8}}{re.escape(ending)}$", each) for each in versions]
    number = max((int(found[1]) for found in numbers if found), default=1) + 1
    if number > 999:
        raise Refused(f"{name} has landed {number - 1} times with other content; give the file another name")
    return f"{stem}_{number:03d}_{digest[:8]}{ending}"


# -- the face ---------------------------------------------------------------------------------------------------------


def run(files: list[Path], *, feed: str | None, day: str | None, dry_run: bool) -> int:
    """The verb: read the arguments as typed, land, say what became of each file; the exit code."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

    of_day = _as_day(day) if day else None
    if day and not of_day:
        raise UserError(f"--date {day}: not a date; write it as YYYY-MM-DD, for example 2002-06-30")
    zone = landing_zone.from_settings()
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console.err, transient=True, disable=not console.err.is_terminal) as bar:
        task = bar.add_task("land", total=None)

        def report(name: str, done: int, total: int) -> None:
            bar.update(task, description=name, completed=done, total=total)

        try:
            result = land(zone, files, feed=feed, day=of_day, dry_run=dry_run, report=report)
        except KeyboardInterrupt:
            console.err.print("Interrupted: what has landed stays; run it again and the rest follows.")
            return 130
    for each in result.files:
        console.out.print(f"{each.status}: {each.name}" + (f" ({each.note})" if each.note else ""), markup=False)
    new = [each for each in result.files if each.status != SAME]
    verb = "would land" if dry_run else "landed"
    console.out.print(
        f"{zone}: {len(new):,} {verb}, {sum(each.bytes for each in new) / 1e6:,.1f} MB; "
        f"{len(result.files) - len(new):,} there already, {len(result.problems):,} refused.",
        markup=False,
    )
    for problem in result.problems:
        console.err.print(problem, style="red", markup=False)
    return result.exit_code
