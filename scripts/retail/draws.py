"""What the made-up sources share: SQL literals, weighted lists, ids that look drawn."""

from datetime import date

# Odd and no multiple of 3 or 5, so that multiplying by it permutes the numbers below any 9 × 10^k.
_STEP = 6_180_339_887


def literal(value: str | int | date | None) -> str:
    """SQL: a constant; whole numbers are bigint."""
    if value is None:
        return "null"
    if isinstance(value, int):
        return f"{value}::bigint"
    return ("date " if isinstance(value, date) else "") + "'" + str(value).replace("'", "''") + "'"


def weighted(weights: dict) -> list:
    """Each key as often as its weight says."""
    return [value for value, weight in weights.items() for _ in range(weight)]


def spread_id(number: str, count: int, smallest: int, seed: int) -> str:
    """SQL: `number`, below `count`, as an id that looks drawn and is its own: of as many digits as `smallest`, or more."""
    while 9 * smallest < count:
        smallest *= 10
    return f"({smallest} + ({number} * {_STEP} + {seed * 7919}) % {9 * smallest})"
