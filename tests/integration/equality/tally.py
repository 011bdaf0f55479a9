"""What happens in a sequence: which of the kinds of landings that must come up do, counted world by world.

Told from the rows and files themselves, not from how they were drawn, so that a kind that is drawn and has no effect is not
counted.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from equality import worlds
from equality.sequences import Row, Sequence

# Of each log that corrects by key: the columns of the key.
KEYS = {feed: tuple(key) for feed, (_, key, _) in worlds.LOGS.items() if feed != "marketplace.transactions"}
KEYS["shop.customers"] = KEYS["shop.products"] = ()
SALES = {
    "ops.store_sales": ("ss", "ticket_number", "customer_sk"),
    "ops.catalog_sales": ("cs", "order_number", "bill_customer_sk"),
    "ops.web_sales": ("ws", "order_number", "bill_customer_sk"),
}
RETURNS = {
    "ops.store_returns": ("sr", "ticket_number", "ops.store_sales"),
    "ops.catalog_returns": ("cr", "order_number", "ops.catalog_sales"),
    "ops.web_returns": ("wr", "order_number", "ops.web_sales"),
}
STATES = {"item": "i_item_sk", "store": "s_store_sk", "warehouse": "w_warehouse_sk", "promotion": "p_promo_sk"}


@dataclass(frozen=True)
class Landed:
    """A row as it landed: with which run (from 0), in which file."""

    run: int
    path: str
    row: Row

    def of(self, column: str) -> str | int | None:
        """A value of the row."""
        return self.row.values.get(column)


@dataclass
class World:
    """What landed of one world, by feed; and by state feed, for each extract (run, path), the rows by key."""

    logs: dict[str, list[Landed]] = field(default_factory=dict)
    extracts: dict[str, dict[tuple[int, str], dict[int, Row]]] = field(default_factory=dict)

    def rows(self, feed: str) -> list[Landed]:
        """The rows of a log, in the order of landing."""
        return self.logs.get(feed, [])

    def keyed(self, feed: str) -> Iterable[list[Landed]]:
        """The rows of each key of a log; rows without a whole key left out."""
        found: dict[tuple, list[Landed]] = {}
        for landed in self.rows(feed):
            key = tuple(landed.of(column) for column in KEYS[feed])
            if None not in key and key:
                found.setdefault(key, []).append(landed)
        return found.values()


def world_of(sequence: Sequence, number: int) -> World:
    """What a sequence landed of a world."""
    world = World()
    for run, night in enumerate(sequence.runs):
        for file in night.files:
            rows = [row for row in file.rows if row.world == number]
            source, _, feed = file.feed.partition(".")
            if source == "ops" and feed in worlds.STATES:
                key = next(iter(worlds.STATES[feed][1](1, 1, "", 0)))
                world.extracts.setdefault(feed, {})[run, file.path] = {row.values[key]: row for row in rows}
            else:
                world.logs.setdefault(file.feed, []).extend(Landed(run, file.path, row) for row in rows)
    return world


def _counts_later(first: Landed, second: Landed) -> bool:
    """Whether the second comes after the first in the order of rows (dt, path), and landed in a later run."""
    return second.run > first.run and _place(second) > _place(first)


def _place(landed: Landed) -> tuple[str, str]:
    return landed.path.partition("dt=")[2][:10], landed.path


def _pairs(world: World, feeds: Iterable[str]) -> Iterable[tuple[Landed, Landed]]:
    """Rows with one key and other content, of which the second corrects the first in a later run."""
    for feed in feeds:
        for rows in world.keyed(feed):
            for first in rows:
                for second in rows:
                    if _counts_later(first, second) and first.row.values != second.row.values:
                        yield first, second


def _late(world: World) -> bool:
    return any(
        landed.path.partition("dt=")[2][:10] < str(worlds.day_of_run(landed.run))
        for rows in world.logs.values()
        for landed in rows
    )


def _repeated(world: World, feeds: Iterable[str] = worlds.LOGS) -> bool:
    for feed in feeds:
        paths: dict[tuple, set[str]] = {}
        for landed in world.rows(feed):
            paths.setdefault(_hashable(landed.row), set()).add(landed.path)
        if any(len(found) > 1 for found in paths.values()):
            return True
    return False


def _hashable(row: Row) -> tuple:
    return tuple(sorted((name, str(value)) for name, value in row.values.items()))


def _out_of_order(world: World) -> bool:
    return any(
        second.run > first.run and _place(second) < _place(first) and first.row.values != second.row.values
        for feed in KEYS
        for rows in world.keyed(feed)
        for first in rows
        for second in rows
    )


def _split(world: World) -> bool:
    return any(
        len({landed.path for landed in rows if landed.run == run}) > 1
        for rows in world.logs.values()
        for run in {landed.run for landed in rows}
    )


def _moved(column: str) -> Callable[[World], bool]:
    def moved(world: World) -> bool:
        feeds = ("ops.catalog_sales", "ops.web_sales")
        return any(
            None not in (first.of(f"{prefix}_{column}"), second.of(f"{prefix}_{column}"))
            and first.of(f"{prefix}_{column}") != second.of(f"{prefix}_{column}")
            for feed in feeds
            for prefix in (SALES[feed][0],)
            for first, second in _pairs(world, (feed,))
        )

    return moved


def _count_after_its_sales(world: World) -> bool:
    weeks = set()
    for feed in ("ops.catalog_sales", "ops.web_sales"):
        prefix = SALES[feed][0]
        for sale in world.rows(feed):
            day = sale.of(f"{prefix}_sold_date_sk")
            if day is not None:
                week = (day - worlds.day_number(0)) // 7
                weeks.add((sale.run, sale.of(f"{prefix}_item_sk"), sale.of(f"{prefix}_warehouse_sk"), week))
    for count in world.rows("inventory.inventory"):
        if count.of("inv_date"):
            week = (worlds.day_of(str(count.of("inv_date"))) - worlds.day_number(0)) // 7
            for run, item, warehouse, sold in weeks:
                same = (item, warehouse, sold) == (count.of("inv_item_sk"), count.of("inv_warehouse_sk"), week)
                if same and count.run > run:
                    return True
    return False


def _withdrawn(world: World) -> bool:
    column = "inv_quantity_on_hand"
    return any(
        first.of(column) is not None and second.of(column) is None
        for first, second in _pairs(world, ("inventory.inventory",))
    )


def _shop_version_after_sale(feed: str, column: str) -> Callable[[World], bool]:
    def after(world: World) -> bool:
        return any(
            version.run > order.run
            and version.of(column) == order.of(column) is not None
            and str(version.of("updated_at")) <= str(order.of("ordered_at"))
            for order in world.rows("shop.orders")
            for version in world.rows(feed)
        )

    return after


def _customer_extract_after_sale(world: World) -> bool:
    sold = {
        (landed.of(f"{prefix}_{customer}"), landed.run)
        for feed, (prefix, _, customer) in SALES.items()
        for landed in world.rows(feed)
    }
    changes = list(_changes(world, "customer"))
    return any(key == customer and run > landed for key, _, _, run in changes for customer, landed in sold)


def _changes(world: World, feed: str) -> Iterable[tuple[int, Row | None, Row | None, int]]:
    """Of each key of a state feed what one extract has and the next: (key, before, after, run of the next); None is missing."""
    extracts = sorted(world.extracts.get(feed, {}).items(), key=lambda each: each[0][1])
    for (_, before), ((run, _), after) in pairwise(extracts):
        for key in before.keys() | after.keys():
            if before.get(key) != after.get(key):
                yield key, before.get(key), after.get(key), run


def _state_changes(feed: str, column: str | None = None) -> Callable[[World], bool]:
    return lambda world: any(
        before and after and (column is None or before.values.get(column) != after.values.get(column))
        for _, before, after, _ in _changes(world, feed)
    )


def _deleted(feed: str) -> Callable[[World], bool]:
    return lambda world: any(before and not after for _, before, after, _ in _changes(world, feed))


def _back(world: World, feed: str = "item") -> bool:
    gone = set()
    for key, before, after, _ in _changes(world, feed):
        if before and not after:
            gone.add(key)
        elif after and not before and key in gone:
            return True
    return False


def _product_first_seen_later(world: World) -> bool:
    first = {}
    for (run, _), rows in sorted(world.extracts.get("item", {}).items()):
        for key in rows:
            first.setdefault(key, run)
    return any(
        first.get(landed.of(f"{prefix}_item_sk"), -1) > landed.run
        for feed, (prefix, _, _) in SALES.items()
        for landed in world.rows(feed)
    )


def _return_before_its_sale(world: World) -> bool:
    for feed, (prefix, order, sales) in RETURNS.items():
        sold: dict[tuple, int] = {}
        for landed in world.rows(sales):
            key = (landed.of(f"{SALES[sales][0]}_{SALES[sales][1]}"), landed.of(f"{SALES[sales][0]}_item_sk"))
            sold[key] = min(sold.get(key, landed.run), landed.run)
        for landed in world.rows(feed):
            key = (landed.of(f"{prefix}_{order}"), landed.of(f"{prefix}_item_sk"))
            if None not in key and sold.get(key, -1) > landed.run:
                return True
    return False


def _marketplace_newer(key: tuple[str, ...], columns: tuple[str, ...]) -> Callable[[World], bool]:
    def newer(world: World) -> bool:
        rows = world.rows("marketplace.transactions")
        return any(
            _counts_later(first, second)
            and all(str(first.of(column) or "").lower() == str(second.of(column) or "").lower() != "" for column in key)
            and any(first.of(column) != second.of(column) for column in columns)
            for first in rows
            for second in rows
        )

    return newer


IN_A_WORLD: dict[str, Callable[[World], bool]] = {
    "late": _late,
    "repeated": _repeated,
    "corrected": lambda world: any(True for _ in _pairs(world, KEYS)),
    "out of order": _out_of_order,
    "split in files": _split,
    "a count after its week's sales": _count_after_its_sales,
    "a withdrawn count": _withdrawn,
    "a correction that moves a line to another date": _moved("sold_date_sk"),
    "a correction that moves a line to another warehouse": _moved("warehouse_sk"),
    "a version of a shop customer after the sale": _shop_version_after_sale("shop.customers", "customer_id"),
    "a version of a shop product after the sale": _shop_version_after_sale("shop.products", "product_id"),
    "an extract of customers that differs after the sale": _customer_extract_after_sale,
    "a product first seen later": _product_first_seen_later,
    "a return before its sale": _return_before_its_sale,
    "a corrected return": lambda world: any(True for _ in _pairs(world, RETURNS)),
    "equal marketplace rows in two files": lambda world: _repeated(world, ("marketplace.transactions",)),
    "a newer row describes a marketplace customer anew": _marketplace_newer(("customer_id",), ("name", "city", "country")),
    "a newer row describes a marketplace product anew": _marketplace_newer(
        ("product_brand", "product_category", "products"), ("product_brand", "product_category", "products")
    ),
    "an item changes its durable code": _state_changes("item", "i_item_id"),
    "an item is deleted and back": _back,
    **{f"a {feed} changes": _state_changes(feed) for feed in STATES},
    **{f"a {feed} is deleted": _deleted(feed) for feed in STATES},
}  # fmt: skip


def _off(sequence: Sequence, source: str) -> list[bool]:
    return [source not in run.sources for run in sequence.runs]


def _switched(sequence: Sequence, *pattern: bool) -> bool:
    """Whether a source was off and on in this order, over runs that were built."""
    for source in worlds.SOURCES:
        states = [off for off, run in zip(_off(sequence, source), sequence.runs, strict=True) if run.built]
        changes = [state for place, state in enumerate(states) if place == 0 or states[place - 1] != state]
        if any(tuple(changes[at : at + len(pattern)]) == pattern for at in range(len(changes))):
            return True
    return False


IN_A_DATABASE: dict[str, Callable[[Sequence], bool]] = {
    "a feed that is empty": lambda sequence: any(not file.rows for run in sequence.runs for file in run.files),
    "a feed that is missing for a night": lambda sequence: any(
        {file.feed for file in earlier.files} - {file.feed for file in run.files}
        for earlier, run in pairwise(sequence.runs)
    ),
    "a source switched on later": lambda sequence: _switched(sequence, True, False),
    "a source switched off": lambda sequence: _switched(sequence, False, True),
    "a source switched off for a night and on again": lambda sequence: _switched(sequence, False, True, False),
    "a build killed and started again": lambda sequence: any(run.killed_at is not None for run in sequence.runs),
    "two nights in one run": lambda sequence: any(not run.built for run in sequence.runs),
    "built twice": lambda sequence: any(run.again for run in sequence.runs),
    "a full refresh of one model in the middle": lambda sequence: any(
        run.refreshed is not None for run in sequence.runs[:-1]
    ),
    "rows with earlier load times": lambda sequence: any(run.early for run in sequence.runs),
    "a night that builds what depends on what landed": lambda sequence: any(
        run.selected and run.sources == sequence.runs[number - 1].sources
        for number, run in enumerate(sequence.runs)
        if number
    ),
    "a calendar that comes late": lambda sequence: (
        not any(file.feed == "ops.date_dim" for file in sequence.runs[0].files)
    ),
    "a calendar that is extended": lambda sequence: (
        sum(file.feed == "ops.date_dim" for run in sequence.runs for file in run.files) > 1
    ),
}


def tally(sequences: Iterable[Sequence]) -> Counter[str]:
    """How many sequences have each kind. What happens to a database happens to every sequence in it."""
    found: Counter[str] = Counter(dict.fromkeys([*IN_A_WORLD, *IN_A_DATABASE], 0))
    for sequence in sequences:
        numbers = sequence.worlds()
        for name, happens in IN_A_DATABASE.items():
            found[name] += len(numbers) * happens(sequence)
        for number in numbers:
            world = world_of(sequence, number)
            for name, happens in IN_A_WORLD.items():
                found[name] += happens(world)
    return found
