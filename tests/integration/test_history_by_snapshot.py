"""Histories that snapshots keep of state extracts, against a plain model of their definition.

A hundred customers of the operational source change at random from day to day; plans say which feeds land in which night, under which date. After each
night `dim_customers_history` is compared row by row with the model, and in the end so is what a rebuild from bronze makes.
"""

import json
from collections import Counter
from copy import deepcopy
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from extracts import DAYS, GOLD_COLUMNS, JOINED_FEEDS, State, first_state, joined_customers, next_state, write
from history_model import history, key_of
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from conftest import Warehouse, new_warehouse
from retail import load

CUSTOMERS = 100
START = date(2024, 1, 1)
NO_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
NEEDED = ("dbt", "build", *NO_TESTS, "--select", "+dim_customers_history")
NIGHTLY = (
    "dbt", "build", *NO_TESTS, "--select", "stg_landing__files", "base_ops__calendar", "ops__customers", "dim_customers_history",
)  # fmt: skip

# One landing: a feed and the number of the day that it shows and lands under.
Landing = tuple[str, int]
# How a night goes: a plain `dbt build` takes the newest extract alone, also where somebody ran the models without the snapshots before;
# `retail load` takes all that wait, and so does a `dbt build` for each of them.
BUILD, MODELS_FIRST, LOAD, ONE_BY_ONE = "dbt build", "dbt run, then dbt build", "retail load", "dbt build one by one"
Night = tuple[list[Landing], str]
CUSTOMER, ADDRESS, DEMOGRAPHICS, HOUSEHOLD, BAND = JOINED_FEEDS
ALL = [(feed, 0) for feed in JOINED_FEEDS]


class Model:
    """The history by its definition: extracts taken in order of date, each showing the newest extract of every feed up to it."""

    def __init__(self, states: list[State]) -> None:
        self.states = states
        self.landed: set[Landing] = set()
        self.taken: set[Landing] = set()
        self.seen: dict[int, dict[int, Any]] = {}

    def night(self, landings: list[Landing], replay: bool) -> list[int]:
        """Land, and take what waits; the days left out, older than the newest that is held."""
        self.landed |= set(landings)
        last = max((day for _, day in self.taken), default=-1)
        waiting = sorted({day for _, day in self.landed - self.taken if day >= last})
        for day in waiting if replay else waiting[-1:]:
            self.seen[day] = self.shown(day)
            self.taken |= {(feed, landed) for feed, landed in self.landed if landed == day}
        return sorted({day for _, day in self.landed - self.taken})

    def rebuild(self) -> None:
        """Take everything that landed anew, in order."""
        self.taken, self.seen = set(), {}
        self.night([], replay=True)

    def shown(self, until: int) -> dict[int, Any]:
        newest = {
            feed: max((day for landed, day in self.landed if landed == feed and day <= until), default=None)
            for feed in JOINED_FEEDS
        }
        return joined_customers(
            {feed: self.states[day][feed] if day is not None else {} for feed, day in newest.items()}
        )

    def rows(self) -> Counter:
        """Rows that dim_customers_history must have."""
        customers = {customer for shown in self.seen.values() for customer in shown}
        rows: Counter = Counter()
        for customer in customers:
            changes = [(moment(day), shown.get(customer)) for day, shown in sorted(self.seen.items())]
            for version in history(changes):
                full_name = " ".join(part for part in (version.state["first_name"], version.state["last_name"]) if part)
                rows[
                    key_of("ops", str(customer), version.changed_at),
                    f"ops:{customer}",
                    str(customer),
                    *version.state.values(),
                    full_name or None,
                    version.changed_at,
                    version.valid_from,
                    version.valid_to,
                    version.held_until,
                    version.is_current,
                    version.is_deleted,
                ] += 1
        return rows


def moment(day: int) -> datetime:
    return datetime.combine(START + timedelta(days=day), datetime.min.time())


def kept(warehouse: Warehouse) -> Counter:
    """The rows that dim_customers_history has."""
    with warehouse.connect() as connection:
        rows = connection.execute(
            f"""
            select
                customer_key, customer_id, source_customer_id, {", ".join(GOLD_COLUMNS)}, full_name,
                changed_at, valid_from, valid_to, held_until, is_current, is_deleted
            from gold.dim_customers_history where not is_unknown
            """
        ).fetchall()
    return Counter(map(tuple, rows))


def compare(warehouse: Warehouse, model: Model, when: str) -> None:
    rows, wanted = kept(warehouse), model.rows()
    if rows != wanted:
        (customer, _) = Counter(row[2] for row in (rows - wanted) + (wanted - rows)).most_common()[-1]
        shown = [
            [*(row for row in source.elements() if row[2] == customer)] for source in (wanted - rows, rows - wanted)
        ]
        pytest.fail(
            f"{when}: {sum((wanted - rows).values())} rows missing, {sum((rows - wanted).values())} not expected; of customer {customer}:\n"
            + "\n".join(["missing:", *map(str, shown[0]), "instead:", *map(str, shown[1])]),
            pytrace=False,
        )


def source_states(days: int, seed_number: int) -> list[State]:
    """What the source holds on each day. At most 4 of 100 customers are gone at a time, which stops nothing."""
    random = Random(seed_number)
    gone: dict[int, Any] = {}
    states = [first_state(random, CUSTOMERS)]
    while len(states) < days:
        # on some days nothing happens: the extract is as it was
        states.append(
            next_state(random, states[-1], gone, 4 - len(gone), len(states)) if random.random() < 0.8 else states[-1]
        )
    return states


def land(warehouse: Warehouse, states: list[State], landings: list[Landing]) -> None:
    for feed, day in landings:
        rows = list(states[day][feed].values())
        key = next(iter(rows[0]))
        # rows that do not count: one without a key, and one that a later row of the same key replaces
        ignored = [{**rows[0], key: None}, {**rows[-1], list(rows[0])[1]: None}]
        write(warehouse.landing, feed, START + timedelta(days=day), [*ignored, *rows])
    load.load(warehouse.landing, warehouse.database, feeds=[])


def land_calendar(warehouse: Warehouse) -> None:
    write(warehouse.landing, "date_dim", START, [{"d_date_sk": number, "d_date": day} for number, day in DAYS.items()])


def run_nights(warehouse: Warehouse, plan: list[Night], states: list[State]) -> Model:
    """Run a plan, comparing after each night; the model of what was taken."""
    model = Model(states)
    land_calendar(warehouse)
    for number, (landings, how) in enumerate(plan):
        land(warehouse, states, landings)
        left_out = model.night(landings, replay=how in (LOAD, ONE_BY_ONE))
        build = NIGHTLY if number else NEEDED
        if how == MODELS_FIRST and number:
            warehouse.run("dbt", "run", *NIGHTLY[NIGHTLY.index("--select") :])
        if how == LOAD:
            warehouse.run("retail", "load")
        if how == ONE_BY_ONE:
            for _ in {day for _, day in landings}:
                warehouse.run(*build, env={"RETAIL_REPLAY_EXTRACTS": "1"})
                build = NIGHTLY
        said = warehouse.run(*build).stdout
        compare(warehouse, model, f"night {number} of {plan}")
        for day in left_out:
            assert str(START + timedelta(days=day)) in said, (
                f"night {number} of {plan}: day {day} is left out without a word"
            )
        assert ("the history leaves out" in said) == bool(left_out), said
    return model


def rebuild(warehouse: Warehouse, model: Model) -> None:
    """Rebuild and compare: with the model, and where nothing was skipped or late with what the nights made."""
    accumulated, held = kept(warehouse), dict(model.seen)
    warehouse.run("retail", "rebuild-history")
    warehouse.run(*NIGHTLY)
    model.rebuild()
    compare(warehouse, model, "after a rebuild")
    if held == model.seen:
        assert kept(warehouse) == accumulated


def test_a_history_by_snapshot_is_as_its_definition_has_it_after_every_night(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    plan: list[Night] = [
        (ALL, BUILD),
        ([(CUSTOMER, 1), (HOUSEHOLD, 1)], MODELS_FIRST),
        # another feed of that day comes in a second run
        ([(ADDRESS, 1)], BUILD),
        # several at once in a plain build: the newest alone
        ([(CUSTOMER, 3), (CUSTOMER, 4), (DEMOGRAPHICS, 4), (BAND, 4)], BUILD),
        # with one that is older than what the snapshot holds
        ([(ADDRESS, 2), (CUSTOMER, 5), (ADDRESS, 5), (HOUSEHOLD, 5)], BUILD),
    ]
    run_nights(new_warehouse(tmp_path_factory.mktemp("nights")), plan, source_states(6, 1))


@pytest.mark.slow
def test_a_rebuild_gives_what_the_nights_accumulated(tmp_path_factory: pytest.TempPathFactory) -> None:
    warehouse = new_warehouse(tmp_path_factory.mktemp("rebuilt"))
    plan: list[Night] = [
        (ALL, BUILD),
        ([(ADDRESS, 1)], BUILD),
        ([(CUSTOMER, 2), (HOUSEHOLD, 2)], BUILD),
        # nothing new
        ([], BUILD),
        # several wait and are taken one by one; a day is skipped
        ([(CUSTOMER, 4), (DEMOGRAPHICS, 5), (CUSTOMER, 6)], LOAD),
        ([(ADDRESS, 6)], BUILD),
        ([(ADDRESS, 8), (CUSTOMER, 9)], ONE_BY_ONE),
        ([(CUSTOMER, 10), (ADDRESS, 10), (BAND, 10)], BUILD),
    ]
    rebuild(warehouse, run_nights(warehouse, plan, source_states(11, 2)))
    assert any(row[-1] for row in kept(warehouse)), "nobody was ever deleted"


@pytest.mark.slow
def test_a_day_made_anew_takes_back_the_versions_that_its_first_run_made(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    (before,) = source_states(1, 3)
    before["household_demographics"][1]["hd_income_band_sk"] = 1
    before["income_band"][1] |= {"ib_lower_bound": 0, "ib_upper_bound": 10_000}
    # the household goes to another band, which, as a feed that lands later says, is now what the first one was
    after = deepcopy(before)
    after["household_demographics"][1]["hd_income_band_sk"] = 2
    after["income_band"][2] |= {"ib_lower_bound": 0, "ib_upper_bound": 10_000}
    plan: list[Night] = [(ALL, BUILD), ([(HOUSEHOLD, 1)], BUILD), ([(BAND, 1)], BUILD)]
    warehouse = new_warehouse(tmp_path_factory.mktemp("anew"))
    model = run_nights(warehouse, plan, [before, after])
    households = [row["c_current_hdemo_sk"] for row in before["customer"].values()]
    # nobody of the first household has a second version, and those of the second band have
    assert households.count(1) > 0
    assert model.rows().total() < 2 * CUSTOMERS


@st.composite
def plans(draw: st.DrawFn) -> list[Night]:
    """Nights of up to four landings each, in any order of dates, some nights without any."""
    landing = st.tuples(st.sampled_from((CUSTOMER, CUSTOMER, ADDRESS, *JOINED_FEEDS)), st.integers(0, 8))
    landings = draw(st.lists(landing, min_size=10, max_size=18, unique=True))
    if draw(st.booleans()):
        # nearly in order, as nights are
        landings.sort(key=lambda feed_and_day: feed_and_day[1])
    nights: list[Night] = []
    while landings:
        size = draw(st.integers(0, 4))
        nights.append((landings[:size], draw(st.sampled_from((BUILD, MODELS_FIRST, LOAD, ONE_BY_ONE)))))
        landings = landings[size:]
    return nights


@pytest.mark.slow
@settings(
    max_examples=5, phases=[Phase.generate], database=None, deadline=None, suppress_health_check=list(HealthCheck)
)
@seed(1)
@given(plan=plans(), number=st.integers(0, 1000))
def test_whatever_lands_in_whatever_order_the_history_is_as_its_definition_has_it(
    tmp_path_factory: pytest.TempPathFactory, plan: list[Night], number: int
) -> None:
    warehouse = new_warehouse(tmp_path_factory.mktemp("plan"))
    rebuild(warehouse, run_nights(warehouse, plan, source_states(9, number)))


# --- extracts from which many keys are missing; other dimensions -------------------------------------------------------------------------

OTHERS = {"store": "s_", "warehouse": "w_", "promotion": "p_"}
BUILD_OTHERS = (
    "dbt", "build", *NO_TESTS, "--select", "stg_landing__files", "ops__stores+1", "ops__warehouses+1", "ops__promotions+1", "dim_stores",
)  # fmt: skip


def extract_of(feed: str, numbers: range, names: dict[int, str] | None = None) -> list[dict[str, Any]]:
    prefix = OTHERS[feed]
    key = "p_promo" if feed == "promotion" else f"{prefix}{feed}"
    return [
        {f"{key}_sk": number, f"{key}_id": f"{feed}{number}", f"{key}_name": (names or {}).get(number, "as it was")}
        for number in numbers
    ]


def members(warehouse: Warehouse, sql: str) -> list[tuple]:
    with warehouse.connect() as connection:
        return connection.execute(sql).fetchall()


@pytest.mark.slow
def test_when_many_keys_vanish_the_snapshot_stops_with_a_question_and_takes_nothing_until_it_is_answered(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    warehouse = new_warehouse(tmp_path_factory.mktemp("vanished"))
    for feed in OTHERS:
        write(warehouse.landing, feed, START, extract_of(feed, range(1, 61)))
    load.load(warehouse.landing, warehouse.database, feeds=[])
    warehouse.run(
        "dbt", "build", *NO_TESTS, "--select", *(f"+dim_{feed}s{end}" for feed in OTHERS for end in ("", "_history"))
    )
    second = START + timedelta(days=1)
    # 3 of 60 are 5 %, which is allowed; 4 are more
    write(warehouse.landing, "promotion", second, extract_of("promotion", range(1, 58), {1: "renamed"}))
    write(warehouse.landing, "warehouse", second, extract_of("warehouse", range(1, 57), {1: "renamed"}))
    write(warehouse.landing, "store", second, extract_of("store", range(1, 61), {1: "renamed"}))
    load.load(warehouse.landing, warehouse.database, feeds=[])
    everything = "select * exclude (dbt_scd_id) from snapshots.ops__warehouses order by all"
    before = members(warehouse, everything)
    stopped = warehouse.run(*BUILD_OTHERS, check=False)
    assert stopped.returncode != 0
    assert f"4 of 60 keys are missing from the extract of {second} (feed ops.warehouse). Is it whole?" in " ".join(
        stopped.stdout.split()
    )
    assert members(warehouse, everything) == before
    taken = "select count(*) from silver.int_taken_files where file_name like ?"
    with warehouse.connect() as connection:
        held = {feed: connection.execute(taken, [f"ops/{feed}/dt={second}/%"]).fetchone()[0] for feed in OTHERS}
    assert held == {"store": 1, "warehouse": 0, "promotion": 1}
    # the answer
    warehouse.run(*BUILD_OTHERS, "--vars", json.dumps({"whole_extracts": [str(second)]}))
    for feed, there in (("warehouse", 56), ("promotion", 57), ("store", 60)):
        dimension = members(
            warehouse,
            f"select cast(source_{feed}_id as integer), {feed}_name, is_deleted from gold.dim_{feed}s where not is_unknown order by 1",
        )
        wanted = [(number, "renamed" if number == 1 else "as it was", number > there) for number in range(1, 61)]
        assert dimension == wanted, feed
    for feed, there in (("warehouse", 56), ("promotion", 57)):
        versions = members(
            warehouse,
            f"""
            select cast(source_{feed}_id as integer), {feed}_version_key, {feed}_name, valid_from, valid_to, held_until, is_current, is_deleted
            from gold.dim_{feed}s_history where not is_unknown order by 1, 4
            """,
        )
        changes = {
            number: [
                (moment(0), {"name": "as it was"}),
                (moment(1), {"name": "renamed" if number == 1 else "as it was"} if number <= there else None),
            ]
            for number in range(1, 61)
        }
        assert versions == [
            (
                number, key_of("ops", str(number), version.changed_at), version.state["name"], version.valid_from, version.valid_to,
                version.held_until, version.is_current, version.is_deleted,
            )
            for number, said in changes.items()
            for version in history(said)
        ]  # fmt: skip


@pytest.mark.slow
def test_a_refused_extract_leaves_no_trace_in_the_history(tmp_path_factory: pytest.TempPathFactory) -> None:
    warehouse = new_warehouse(tmp_path_factory.mktemp("refused"))
    days = [START + timedelta(days=number) for number in range(4)]
    refused = ("--vars", json.dumps({"refused_extracts": [str(days[1])]}))
    build = ("dbt", "build", *NO_TESTS, "--select", "+dim_warehouses_history", *refused)
    write(warehouse.landing, "warehouse", days[0], extract_of("warehouse", range(1, 61)))
    # half of it, and wrong: neither its deletions nor its names may be seen
    write(warehouse.landing, "warehouse", days[1], extract_of("warehouse", range(1, 31), {1: "wrong"}))
    load.load(warehouse.landing, warehouse.database, feeds=[])
    # the refused one is the newest: the one before it is taken
    warehouse.run(*build)
    for day, names in ((days[2], {2: "renamed"}), (days[3], {2: "renamed", 3: "renamed"})):
        write(warehouse.landing, "warehouse", day, extract_of("warehouse", range(1, 61), names))
    load.load(warehouse.landing, warehouse.database, feeds=[])
    for _ in range(2):
        warehouse.run(*build, env={"RETAIL_REPLAY_EXTRACTS": "1"})
    versions = members(
        warehouse,
        "select cast(source_warehouse_id as integer), warehouse_name, changed_at, is_deleted from gold.dim_warehouses_history "
        "where not is_unknown order by 1, 3",
    )
    changed = {2: moment(2), 3: moment(3)}
    wanted = [(number, "as it was", moment(0), False) for number in range(1, 61)]
    wanted += [(number, "renamed", at, False) for number, at in changed.items()]
    assert versions == sorted(wanted, key=lambda version: (version[0], version[2]))


@pytest.mark.slow
def test_a_calendar_that_lands_after_the_extracts_dates_them_and_makes_no_version(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    warehouse = new_warehouse(tmp_path_factory.mktemp("calendar"))
    states = source_states(2, 1)
    model = Model(states)
    land(warehouse, states, ALL)
    model.night(ALL, replay=False)
    warehouse.run(*NEEDED)
    land_calendar(warehouse)
    load.load(warehouse.landing, warehouse.database, feeds=[])
    warehouse.run(*NIGHTLY)
    compare(warehouse, model, "after the calendar")
    land(warehouse, states, [(CUSTOMER, 1)])
    model.night([(CUSTOMER, 1)], replay=False)
    warehouse.run(*NIGHTLY)
    compare(warehouse, model, "after an extract that follows the calendar")
