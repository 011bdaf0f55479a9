"""State extracts of the operational source for the tests of its histories: what it holds on each day, files of it, and the plain join of a customer."""

from copy import deepcopy
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import duckdb

# Of each feed its key, then its other columns, with the types of the source.
FEEDS = {
    "customer": {
        "c_customer_sk": "integer", "c_customer_id": "varchar", "c_current_cdemo_sk": "integer", "c_current_hdemo_sk": "integer",
        "c_current_addr_sk": "integer", "c_first_shipto_date_sk": "integer", "c_first_sales_date_sk": "integer", "c_salutation": "varchar",
        "c_first_name": "varchar", "c_last_name": "varchar", "c_preferred_cust_flag": "varchar", "c_birth_day": "integer",
        "c_birth_month": "integer", "c_birth_year": "integer", "c_birth_country": "varchar", "c_login": "varchar",
        "c_email_address": "varchar", "c_last_review_date_sk": "integer",
    },
    "customer_address": {
        "ca_address_sk": "integer", "ca_address_id": "varchar", "ca_street_number": "varchar", "ca_street_name": "varchar",
        "ca_street_type": "varchar", "ca_suite_number": "varchar", "ca_city": "varchar", "ca_county": "varchar", "ca_state": "varchar",
        "ca_zip": "varchar", "ca_country": "varchar", "ca_gmt_offset": "decimal(5,2)", "ca_location_type": "varchar",
    },
    "customer_demographics": {
        "cd_demo_sk": "integer", "cd_gender": "varchar", "cd_marital_status": "varchar", "cd_education_status": "varchar",
        "cd_purchase_estimate": "integer", "cd_credit_rating": "varchar", "cd_dep_count": "integer", "cd_dep_employed_count": "integer",
        "cd_dep_college_count": "integer",
    },
    "household_demographics": {
        "hd_demo_sk": "integer", "hd_income_band_sk": "integer", "hd_buy_potential": "varchar", "hd_dep_count": "integer",
        "hd_vehicle_count": "integer",
    },
    "income_band": {"ib_income_band_sk": "integer", "ib_lower_bound": "integer", "ib_upper_bound": "integer"},
    "date_dim": {"d_date_sk": "integer", "d_date": "date"},
    "store": {
        "s_store_sk": "integer", "s_store_id": "varchar", "s_rec_start_date": "date", "s_rec_end_date": "date", "s_store_name": "varchar",
        "s_city": "varchar",
    },
    "warehouse": {"w_warehouse_sk": "integer", "w_warehouse_id": "varchar", "w_warehouse_name": "varchar", "w_city": "varchar"},
    "promotion": {"p_promo_sk": "integer", "p_promo_id": "varchar", "p_promo_name": "varchar", "p_cost": "decimal(15,2)"},
}  # fmt: skip
JOINED_FEEDS = ("customer", "customer_address", "customer_demographics", "household_demographics", "income_band")
# The days that customers' dates name, by their number in TPC-DS.
DAYS = {2450815 + number: date(1998, 1, 1) + timedelta(days=number) for number in range(3)}
# What a joined customer has of each feed: column of gold, column of the source, in the order of dim_customers_history.
ATTRIBUTES = {
    "customer": {
        "customer_code": "c_customer_id", "source_current_address_id": "c_current_addr_sk",
        "source_current_customer_demographics_id": "c_current_cdemo_sk", "source_current_household_demographics_id": "c_current_hdemo_sk",
        "salutation": "c_salutation", "first_name": "c_first_name", "last_name": "c_last_name", "is_preferred_customer": "c_preferred_cust_flag",
        "birth_day": "c_birth_day", "birth_month": "c_birth_month", "birth_year": "c_birth_year", "birth_country": "c_birth_country",
        "login": "c_login", "email": "c_email_address", "first_shipto_date": "c_first_shipto_date_sk",
        "first_sales_date": "c_first_sales_date_sk", "last_review_date": "c_last_review_date_sk",
    },
    "customer_address": {
        "street_number": "ca_street_number", "street_name": "ca_street_name", "street_type": "ca_street_type", "suite_number": "ca_suite_number",
        "city": "ca_city", "county": "ca_county", "state": "ca_state", "postal_code": "ca_zip", "country": "ca_country",
        "gmt_offset_hours": "ca_gmt_offset", "location_type": "ca_location_type",
    },
    "customer_demographics": {
        "gender": "cd_gender", "marital_status": "cd_marital_status", "education_status": "cd_education_status",
        "purchase_estimate_amount": "cd_purchase_estimate", "credit_rating": "cd_credit_rating", "dependent_count": "cd_dep_count",
        "employed_dependent_count": "cd_dep_employed_count", "college_dependent_count": "cd_dep_college_count",
    },
    "household_demographics": {
        "buy_potential": "hd_buy_potential", "household_dependent_count": "hd_dep_count", "household_vehicle_count": "hd_vehicle_count",
    },
    "income_band": {"income_lower_bound_amount": "ib_lower_bound", "income_upper_bound_amount": "ib_upper_bound"},
}  # fmt: skip
GOLD_COLUMNS = [column for columns in ATTRIBUTES.values() for column in columns]

Row = dict[str, Any]
# feed to key to row
State = dict[str, dict[int, Row]]


def first_state(random: Random, customers: int) -> State:
    """What the source holds on the first day."""
    state: State = {feed: {} for feed in JOINED_FEEDS}
    for feed, count in zip(JOINED_FEEDS, (customers, customers // 2, 8, 6, 3), strict=True):
        for key in range(1, count + 1):
            state[feed][key] = {name: any_value(random, feed, name, kind) for name, kind in FEEDS[feed].items()} | {
                next(iter(FEEDS[feed])): key
            }
    return state


def any_value(random: Random, feed: str, name: str, kind: str) -> Any:
    """A value of a column: few distinct ones, null and blank among them, references that resolve and some that do not."""
    targets = {"c_current_cdemo_sk": 9, "c_current_hdemo_sk": 7, "c_current_addr_sk": 52, "hd_income_band_sk": 4}
    if name in targets:
        return random.choice((None, *range(1, targets[name] + 1)))
    if name.endswith("date_sk"):
        return random.choice((None, *DAYS))
    if name == "c_preferred_cust_flag":
        return random.choice(("Y", "N", None, ""))
    if kind == "integer":
        return random.choice((None, 0, 1, 2))
    if kind == "varchar":
        return random.choice((None, "", "  ", "A", "B", "a"))
    return random.choice((None, Decimal("-5.00"), Decimal("5.00")))


def next_state(random: Random, state: State, gone: dict[int, Row], vanishing: int, day: int) -> State:
    """What it holds on a day, from the day before: some rows of each feed changed in one column, customers gone (`vanishing` at most) and come
    back, a new one. The columns take turns, so that every one changes alone somewhere."""
    state = deepcopy(state)
    for feed in JOINED_FEEDS:
        columns = list(FEEDS[feed].items())[1:]
        rows = random.sample(list(state[feed].values()), max(1, len(state[feed]) // 4))
        for place, row in enumerate(rows):
            name, kind = columns[(day * len(rows) + place) % len(columns)]
            before = row[name]
            while row[name] == before:
                row[name] = any_value(random, feed, name, kind)
    # an address or a household that customers still name may be missing too
    for feed in ("customer_address", "household_demographics"):
        if random.random() < 0.5 and len(state[feed]) > 2:
            state[feed].pop(random.choice(list(state[feed])))
    for key in random.sample(list(gone), random.randint(0, len(gone))):
        state["customer"][key] = gone.pop(key)
        if random.random() < 0.5:
            state["customer"][key]["c_login"] = any_value(random, "customer", "c_login", "varchar")
    for key in random.sample(list(state["customer"]), random.randint(0, vanishing)):
        gone[key] = state["customer"].pop(key)
    new = max([*state["customer"], *gone]) + 1
    state["customer"][new] = {**next(iter(state["customer"].values())), "c_customer_sk": new}
    return state


def write(landing: Path, feed: str, day: date, rows: list[Row], name: str = "extract") -> None:
    """Land an extract; columns that a row does not have are null. A file of no rows is written too."""
    folder = landing / "ops" / feed / f"dt={day}"
    folder.mkdir(parents=True, exist_ok=True)
    columns = FEEDS[feed]
    with duckdb.connect() as connection:
        connection.execute(f"create table rows ({', '.join(f'{name} {kind}' for name, kind in columns.items())})")
        if rows:
            marks = ", ".join("?" for _ in columns)
            connection.executemany(
                f"insert into rows values ({marks})", [[row.get(column) for column in columns] for row in rows]
            )
        connection.execute(f"copy rows to '{folder / name}.parquet' (format parquet)")


def joined_customers(state: State) -> dict[int, Row]:
    """The customers of a state with what they refer to, under the names and in the types of gold."""
    found = {}
    for key, customer in state["customer"].items():
        household = state["household_demographics"].get(customer["c_current_hdemo_sk"], {})
        parts = {
            "customer": customer,
            "customer_address": state["customer_address"].get(customer["c_current_addr_sk"], {}),
            "customer_demographics": state["customer_demographics"].get(customer["c_current_cdemo_sk"], {}),
            "household_demographics": household,
            "income_band": state["income_band"].get(household.get("hd_income_band_sk"), {}),
        }
        found[key] = {
            column: as_in_gold(column, parts[feed].get(raw))
            for feed, columns in ATTRIBUTES.items()
            for column, raw in columns.items()
        }
    return found


def as_in_gold(column: str, value: Any) -> Any:
    """Blank text is null, ids are text, numbers of days are dates, Y and N are flags."""
    if column == "is_preferred_customer":
        return {"Y": True, "N": False}.get(value)
    if column in ("first_shipto_date", "first_sales_date", "last_review_date"):
        return DAYS.get(value)
    if column.startswith("source_"):
        return None if value is None else str(value)
    return (value.strip(" ") or None) if isinstance(value, str) else value
