"""One console for all verbs: results to standard output, progress and messages to standard error."""

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def print_table(table: Table) -> None:
    """Print a table at its full width: a cut number is worse than a line that the terminal wraps."""
    widest = Measurement.get(out, out.options.update(max_width=10_000), table).maximum
    Console(file=out.file, highlight=False, width=max(out.width, widest), force_terminal=out.is_terminal).print(table)
