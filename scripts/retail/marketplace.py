"""The marketplace's transactions as a made-up export: wide, dirty, and the same for the same number of rows and seed.

The columns, their forms and their values are those of the public retail data set of 302,010 rows. Nobody in it is real:
names are invented, mail goes to example.com and example.org, telephone numbers come from ranges kept for fiction.

Dirt, each kind at a stated share, so that cleaning can be tested and its results counted (`dirt_counts`):

| kind | share |
|---|---|
| ids, telephone, zip code, year, age, quantity, rating are written as floats ("8691788.0") | every value |
| a zip code has lost its leading zeros | where it had some: about 14 % of rows |
| null, independently in every column but `products`, keys included | 0.1 % of cells |
| upper or lower case, spaces around or doubled, independently in the 14 columns of categories | 0.2 % of cells |
| the row is the exact repeat of one of the 50 rows before it | 0.1 % of rows |
| the row is the exact repeat of any earlier row, mostly of another day, so often of another file | 0.1 % of rows |
| Transaction_ID is that of an earlier row with other content | 1 % of rows |
| Customer_ID is that of another person | 2 % of persons |
| Total_Amount is not quantity × price | 0.5 % of rows |
| Ratings contradicts Feedback | 1 % of rows |
| Product_Brand belongs to another category than the rest | 0.5 % of rows |
| products belongs to another category than the rest | 0.5 % of rows |
| Total_Amount is missing, and price or quantity with it: no amount, and no way to compute it | 0.05 % of rows |
| Date is missing, Year and Month are there | 0.3 % of rows |
| Date, Year and Month are missing | 0.05 % of rows |
| Date does not exist, such as 2/30/2024 or 5/32/2023 | 0.05 % of rows |

The kinds from Transaction_ID on, but for Customer_ID, exclude one another; nulls, untidy text and repeats fall on any row.

A row depends on its number, the number of rows and the seed alone, through DuckDB's hash function, and rows ascend by
business date. So a period is a range of row numbers, written in one stream whatever its size.
"""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import duckdb

from retail.draws import literal, spread_id, weighted

SOURCE, FEED = "marketplace", "transactions"
DEFAULT_ROWS, MAX_ROWS = 20_000, 100_000_000
DEFAULT_SEED, MAX_SEED = 1, 1_000_000
FIRST_DATE, LAST_DATE = date(2023, 3, 1), date(2024, 2, 29)
# An export goes on in a new file after so many rows (about 95 MB): 10 million rows are 33 files.
ROWS_PER_FILE = 303_031

COLUMNS = (
    *("Transaction_ID", "Customer_ID", "Name", "Email", "Phone", "Address", "City", "State", "Zipcode", "Country"),
    *("Age", "Gender", "Income", "Customer_Segment", "Date", "Year", "Month", "Time"),
    *("Total_Purchases", "Amount", "Total_Amount", "Product_Category", "Product_Brand", "Product_Type", "Feedback"),
    *("Shipping_Method", "Payment_Method", "Order_Status", "Ratings", "products"),
)
NEVER_NULL = ("products",)
CATEGORICAL = (
    *("City", "State", "Country", "Gender", "Income", "Customer_Segment", "Month"),
    *("Product_Category", "Product_Brand", "Product_Type"),
    *("Feedback", "Shipping_Method", "Payment_Method", "Order_Status"),
)

# Kinds of dirt of which a row has one at most: rows in 100,000.
KINDS = {
    "reused_transaction_id": 1000,
    "wrong_total": 500,
    "contradicting_rating": 1000,
    "contradicting_brand": 500,
    "contradicting_product": 500,
    "no_amount": 50,
    "no_date_but_month": 300,
    "no_date": 50,
    "impossible_date": 50,
}
NEAR_REPEATS, FAR_REPEATS = 100, 100  # rows in 100,000
NEAR = 50  # rows back at most
SHARED_ACCOUNTS = 20  # persons in 1,000
NULLS, UNTIDY = 1, 2  # cells in 1,000
# Customers per row: 86,288 for 302,010 rows, as in the public data set; five in six of them buy.
CUSTOMERS = (2, 7)

# (country, state, city, lowest zip code, zip codes, lowest telephone number, telephone numbers, weight). Zip codes are
# numbers also where the country's are not, as in the public data set. Telephone: US and Canada 555-01xx, and the ranges
# that the regulators of the others keep for films and books.
PLACES = (
    ("USA", "California", "Los Angeles", 90001, 80, 2135550100, 100, 5),
    ("USA", "Texas", "Houston", 77002, 90, 7135550100, 100, 4),
    ("USA", "Illinois", "Chicago", 60601, 57, 3125550100, 100, 4),
    ("USA", "Georgia", "Atlanta", 30303, 40, 4045550100, 100, 3),
    ("USA", "New York", "New York", 10001, 40, 2125550100, 100, 5),
    ("USA", "Massachusetts", "Boston", 2108, 28, 6175550100, 100, 4),
    ("USA", "New Jersey", "Newark", 7102, 12, 9735550100, 100, 3),
    ("USA", "Connecticut", "Hartford", 6103, 17, 8605550100, 100, 2),
    ("USA", "Washington", "Seattle", 98101, 45, 2065550100, 100, 2),
    ("UK", "England", "London", 10011, 800, 2079460000, 1000, 9),
    ("UK", "England", "Portsmouth", 23011, 90, 7700900000, 1000, 6),
    ("UK", "Scotland", "Edinburgh", 41011, 90, 1314960000, 1000, 3),
    ("UK", "Wales", "Cardiff", 52011, 90, 2920180000, 1000, 2),
    ("Germany", "Berlin", "Berlin", 10115, 300, 3023125000, 1000, 7),
    ("Germany", "Bavaria", "München", 80331, 60, 8999998000, 1000, 3),
    ("Germany", "North Rhine-Westphalia", "Köln", 50667, 40, 2214710000, 1000, 4),
    ("Germany", "Saxony", "Leipzig", 4103, 20, 17604069000, 100, 3),
    ("Australia", "New South Wales", "Sydney", 2000, 40, 255500000, 1000, 8),
    ("Australia", "Victoria", "Melbourne", 3000, 30, 355500000, 1000, 4),
    ("Australia", "Northern Territory", "Darwin", 800, 20, 855500000, 1000, 2),
    ("Canada", "Ontario", "Toronto", 40111, 500, 4165550100, 100, 7),
    ("Canada", "Ontario", "Ottawa", 44111, 90, 6135550100, 100, 3),
    ("Canada", "Quebec", "Montréal", 51111, 90, 5145550100, 100, 3),
    ("Canada", "British Columbia", "Vancouver", 60111, 90, 6045550100, 100, 4),
)
# Digits of a zip code, where it may begin with zeros.
ZIP_DIGITS = {"USA": 5, "Germany": 5, "Australia": 4}

# Category: three brands, five types with four products each. As many in each category, so that a number finds them.
CATALOG: dict[str, tuple[tuple[str, str, str], dict[str, tuple[str, str, str, str]]]] = {
    "Electronics": (
        ("Samsung", "Sony", "Apple"),
        {
            "Smartphone": ("Folding phone", "Phone 128 GB", "Phone 256 GB", "Rugged phone"),
            "Tablet": ("Tablet 8 inch", "Tablet 11 inch", "Drawing tablet", "E-reader"),
            "Laptop": ("Laptop 13 inch", "Laptop 15 inch", "Gaming laptop", "Convertible laptop"),
            "Television": ('Television 43"', 'Television 55"', 'Television 65"', "Projector"),
            "Headphones": ("In-ear headphones", "Over-ear headphones", "Sports headphones", "Headset, wireless"),
        },
    ),
    "Clothing": (
        ("Adidas", "Nike", "Zara"),
        {
            "T-shirt": ("Plain T-shirt", "Striped T-shirt", "Long-sleeved T-shirt", "V-neck T-shirt"),
            "Shorts": ("Cycling shorts", "Denim shorts", "Board shorts", "Running shorts"),
            "Jeans": ("Straight jeans", "Slim jeans", "Wide jeans", "Black jeans"),
            "Jacket": ("Rain jacket", "Denim jacket", "Down jacket", "Windbreaker"),
            "Shoes": ("Running shoes", "Trainers", "Sandals", "Boots, waterproof"),
        },
    ),
    "Grocery": (
        ("Nestle", "Coca-Cola", "Pepsi"),
        {
            "Water": ("Still water", "Sparkling water", "Flavoured water", "Mineral water"),
            "Juice": ("Orange juice", "Apple juice", "Tomato juice", "Mixed juice"),
            "Coffee": ("Ground coffee", "Instant coffee", "Coffee beans", "Coffee capsules"),
            "Chocolate": ("Milk chocolate", "Dark chocolate", "Chocolate bar", "Hot chocolate"),
            "Snacks": ("Crisps, salted", "Mixed nuts", "Trail mix", "Popcorn"),
        },
    ),
    "Home Decor": (
        ("IKEA", "Bed Bath & Beyond", "Home Depot"),
        {
            "Furniture": ("Coffee table", "Bookshelf", "Armchair", "Bedside table"),
            "Lighting": ("Floor lamp", "Desk lamp", "String lights", "Ceiling lamp"),
            "Decorations": ("Wall clock", "Picture frame", "Vase", "Candle holder"),
            "Bedding": ("Duvet cover", "Pillow", "Blanket", "Fitted sheet"),
            "Kitchen": ("Saucepan", "Chef's knife", "Cutting board", "Mixing bowl"),
        },
    ),
    "Books": (
        ("Penguin Books", "HarperCollins", "Random House"),
        {
            "Fiction": ("Short stories", "Historical novel", "Family saga", "Science fiction"),
            "Non-Fiction": ("Travel guide", "Cookbook", "Biography", "Popular science"),
            "Thriller": ("Spy thriller", "Psychological thriller", "Courtroom thriller", "Crime novel"),
            "Children's": ("Picture book", "Fairy tales", "School adventure", "Colouring book"),
            "Literature": ("Poetry", "Classic novel", "Essays", "Drama"),
        },
    ),
}
BRANDS_PER_CATEGORY, GOODS_PER_CATEGORY = 3, 20
CATEGORY_WEIGHTS = {"Electronics": 5, "Grocery": 5, "Clothing": 4, "Books": 4, "Home Decor": 4}
# Feedback: its weight, the ratings that go with it, the one that contradicts it.
FEEDBACK = {"Bad": (16, (1, 2), 5), "Average": (21, (2, 3), 5), "Good": (31, (3, 4), 1), "Excellent": (32, (4, 5), 1)}
# Column: values and weights.
CHOICES = {
    "Gender": {"Female": 2, "Male": 3},
    "Income": {"Low": 3, "Medium": 4, "High": 2},
    "Customer_Segment": {"New": 3, "Regular": 5, "Premium": 2},
    "Shipping_Method": {"Same-Day": 7, "Standard": 6, "Express": 7},
    "Payment_Method": {"Credit Card": 6, "Debit Card": 5, "PayPal": 4, "Cash": 5},
    "Order_Status": {"Delivered": 9, "Shipped": 4, "Processing": 4, "Pending": 3},
}
FIRST_NAMES = (
    *(
        "Ada",
        "Bruno",
        "Carla",
        "Dario",
        "Elif",
        "Finn",
        "Greta",
        "Hugo",
        "Ines",
        "Jonas",
        "Kira",
        "Liam",
        "Mara",
        "Nils",
    ),
    *(
        "Olive",
        "Pavel",
        "Quinn",
        "Rosa",
        "Sami",
        "Tess",
        "Uma",
        "Vera",
        "Wim",
        "Xenia",
        "Yara",
        "Zoë",
        "Jürgen",
        "Renée",
    ),
)
# Invented, so that no one bears them.
LAST_NAMES = (
    *(
        "Ashgrove",
        "Birchmere",
        "Coldbrook",
        "Dunwhistle",
        "Elmhollow",
        "Fernwick",
        "Gorsemoor",
        "Hazelbeck",
        "Ivystone",
    ),
    *("Juniperley", "Kelpford", "Larchmont", "Mossbank", "Nettlefold-Reed", "Oakenshaw", "Pinewhistle", "Quillbrook"),
    *("Rowanhurst", "Sedgewater", "Thistledown", "Umberfield", "Vetchley", "Willowmarsh", "Yarrowby", "O'Heather"),
    *("Königsfarn", "Bramblecote", "Cloverdell", "Foxglove Jr.", 'Heath "Ling" Moor'),
)
STREETS = (
    *("Larch Lane", "Station Road", "Mill Street", "Harbour View", "King's Parade", "Orchard Close", "Upper Green"),
    *("Lindenstraße", "Rue du Moulin", "Canal Walk", "Market Square", "Hillside Avenue"),
)
# Weights of a day's sales, to be added: by weekday from Monday and by month from January. Small, since every statement
# carries a list with each day as often as it weighs.
WEEKDAY_WEIGHTS = (3, 3, 3, 4, 5, 6, 4)
MONTH_WEIGHTS = (2, 2, 3, 3, 3, 3, 3, 3, 3, 4, 6, 7)

# Each has its own draw for every row or customer: (its place here) is the number of the draw.
DRAWS = (
    *("kind", "kind_detail", "reused_row", "repeat", "repeat_back", "repeat_of", "customer", "customer_2", "time"),
    *("quantity", "price", "category", "other_category", "product", "brand", "feedback", "rating", "wrong_total"),
    *("no_amount", "place", "zip", "phone", "first_name", "last_name", "street", "house", "flat", "age", "mail"),
    *("shares_account", "shared_account"),
    *CHOICES,
    *(f"null {column}" for column in COLUMNS if column not in NEVER_NULL),
    *(f"untidy {column}" for column in CATEGORICAL),
)
# A row takes the draws 0 to 127 of its number, a customer 128 to 255.
_DRAW_SPAN = 128

Report = Callable[[str, int, int], None]


def write(
    folder: Path,
    rows: int,
    seed: int,
    from_: date | None,
    to: date | None,
    period_end: str,
    report: Report = lambda step, done, total: None,
) -> dict[str, int]:
    """Write the export below `folder`. Returns the rows of each file by its path relative to `folder`.

    rows: of the whole export, 1 to MAX_ROWS, whatever part of it is written.
    seed: 0 to MAX_SEED.
    from_, to: first and last business date to write, both included; None: no bound.
    period_end: SQL over `business_date`: the end of the period that holds it; a period has its own dt.
    report: called with (step, files done, files in all).

    A file's dt is the last business date that it covers: the end of its period, but no later than the export's own last
    date or `to`. A period of more than ROWS_PER_FILE rows takes several files. Needs under 1 GiB, whatever `rows` is.
    """
    columns = ", ".join(f'"{column}"' for column in COLUMNS)
    with _connection(rows, seed) as connection:
        files = _files(connection, rows, from_, to, period_end)
        batch_end = 0
        for done, (path, first, end) in enumerate(files):
            report(f"writing {path.rpartition('/')[0]}", done, len(files))
            if end > batch_end:
                # As many whole files as fit into one: planning the query takes longer than a small file
                batch_end = max(other for *_, other in files if other <= first + ROWS_PER_FILE)
                connection.execute(
                    "create or replace temp table batch as "
                    f"{_lines(rows, seed, first, batch_end)} select position, {columns} from lines"
                )
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            target = str(folder / path).replace("'", "''")
            connection.execute(
                f"copy (select {columns} from batch where position >= {first} and position < {end}) "
                f"to '{target}' (format csv, header true)"
            )
    return {path: end - first for path, first, end in files}


def dirt_counts(rows: int, seed: int, repeats: bool = True) -> dict[str, int]:
    """How often each kind of dirt is in the whole export of so many rows.

    repeats: count a row as often as it was exported; False: once, as if the repeats were removed.

    Keys: `rows`; `repeated_rows`; those of KINDS; `computable_total` (Total_Amount missing, quantity and price there);
    `no_known_month` (Date missing or impossible, and Year or Month missing); `lost_zip_zeros`; `shared_customer_ids`
    (Customer_IDs used by several persons whose mail addresses are known); `untidy_cells`; `null_<column>` for each.
    `contradicting_…`, `wrong_total` and the like count only rows in which the columns concerned are all there, since
    nothing can be seen in the others; `reused_transaction_id` and `repeated_rows` do not depend on `repeats`.
    """
    present = {column: f'"{column}" is not null' for column in COLUMNS}

    def have(*columns: str) -> str:
        return " and ".join(present[column] for column in columns)

    month = f"({have('Year', 'Month')})"
    conditions = {
        "rows": "true",
        "wrong_total": f"kind = 'wrong_total' and {have('Total_Purchases', 'Amount', 'Total_Amount')}",
        "contradicting_rating": f"kind = 'contradicting_rating' and {have('Feedback', 'Ratings')}",
        "contradicting_brand": f"kind = 'contradicting_brand' and {have('Product_Brand', 'Product_Category')}",
        "contradicting_product": f"kind = 'contradicting_product' and {have('products', 'Product_Category')}",
        "no_amount": f"not ({present['Total_Amount']}) and not ({have('Amount', 'Total_Purchases')})",
        "computable_total": f"not ({present['Total_Amount']}) and {have('Amount', 'Total_Purchases')}",
        "no_date_but_month": f"not ({present['Date']}) and {month}",
        "no_date": f"not ({have('Date')} or {have('Year')} or {have('Month')})",
        "no_known_month": f"(not ({present['Date']}) or kind = 'impossible_date') and not {month}",
        "impossible_date": f"kind = 'impossible_date' and {have('Date')}",
        "lost_zip_zeros": f"lost_zip_zeros and {have('Zipcode', 'Country')}",
    }
    landed = "true" if repeats else "position = origin"
    counts = ", ".join(f"count(*) filter (({sql}) and {landed}) as {name}" for name, sql in conditions.items())
    nulls = ", ".join(
        f'count(*) filter ("{column}" is null and {landed}) as null_{column.lower()}' for column in COLUMNS
    )
    # Grouped over accounts: of each the persons, as far as a reader can tell them apart.
    shared = (
        f"select count(*) from (select account from lines where {have('Customer_ID', 'Email')} "
        "group by account having min(customer) < max(customer))"
    )
    with _connection(rows, seed) as connection:
        result = connection.execute(
            f"""
            {_lines(rows, seed, 0, rows)}
            select
                {counts},
                count(*) filter (position <> origin) as repeated_rows,
                count(*) filter (kind = 'reused_transaction_id' and position = origin and {have("Transaction_ID")})
                    as reused_transaction_id,
                sum(case when {landed} then untidy_cells else 0 end)::bigint as untidy_cells,
                {nulls}
            from lines
            """
        )
        names = [name for name, *_ in result.description]
        found = dict(zip(names, result.fetchone(), strict=True))
        # A query of its own: with two uses of `lines` in one, all rows would be kept in memory
        (found["shared_customer_ids"],) = connection.execute(_lines(rows, seed, 0, rows) + shared).fetchone()
        return found


def _connection(rows: int, seed: int) -> duckdb.DuckDBPyConnection:
    """A database in memory with the lists that rows draw from, and the macros that draw."""
    # One thread: rows keep their order, and other work on the machine its cores.
    connection = duckdb.connect(config={"threads": 1, "memory_limit": "1GiB"})
    slots = _day_slots()
    for name, values in {**_lists(), "days": slots}.items():
        # A variable is a constant to a query; a parameter cannot set one.
        connection.execute(f"set variable {name} = [{', '.join(map(literal, values))}]")
    # Above the numbers of all rows' draws, below the range of bigint
    stream = seed * 2**40
    connection.execute(
        f"""
        create temp macro draw(row_number, number) as
            hash(cast({stream} + row_number * {2 * _DRAW_SPAN} + number as bigint));
        create temp macro placed(items, number) as items[cast(number as bigint) + 1];
        create temp macro kind_of(row_number) as {_kind_of()};
        create temp macro day_of(row_number) as
            placed(getvariable('days'), row_number * {len(slots)} // {rows});
        """
    )
    return connection


@cache
def _lists() -> dict[str, list]:
    """What rows and customers draw from, by name; what is drawn more often is there more often."""
    goods = [
        (category, kind, product)
        for category, (_, kinds) in CATALOG.items()
        for kind, products in kinds.items()
        for product in products
    ]
    places = [place[:-1] for place in PLACES for _ in range(place[-1])]
    return {
        **{column: weighted(values) for column, values in CHOICES.items()},
        "categories": list(CATALOG),
        "category_draws": weighted({n: CATEGORY_WEIGHTS[category] for n, category in enumerate(CATALOG)}),
        "brands": [brand for brands, _ in CATALOG.values() for brand in brands],
        "types": [kind for _, kind, _ in goods],
        "goods": [product for _, _, product in goods],
        "feedback_draws": weighted({n: weight for n, (weight, *_) in enumerate(FEEDBACK.values())}),
        "feedback": list(FEEDBACK),
        "ratings": [rating for _, ratings, _ in FEEDBACK.values() for rating in ratings],
        "contradicting_ratings": [rating for *_, rating in FEEDBACK.values()],
        "zip_minimum": [10 ** (ZIP_DIGITS.get(place[0], 1) - 1) for place in places],
        **{
            name: list(values)
            for name, values in zip(
                ("country", "state", "city", "zip", "zips", "phone", "phones"), zip(*places, strict=True), strict=True
            )
        },
        "first_names": list(FIRST_NAMES),
        "last_names": list(LAST_NAMES),
        "streets": list(STREETS),
    }


def _day_slots() -> list[date]:
    """Every day as often as its weight says, in order: the whole export is spread evenly over this list."""
    days = [FIRST_DATE + timedelta(n) for n in range((LAST_DATE - FIRST_DATE).days + 1)]
    return [day for day in days for _ in range(WEEKDAY_WEIGHTS[day.weekday()] + MONTH_WEIGHTS[day.month - 1])]


def _kind_of() -> str:
    """SQL: the kind of dirt of row `row_number`, null for most."""
    cases, below = [], 0
    for kind, share in KINDS.items():
        below += share
        cases.append(f"when draw(row_number, {DRAWS.index('kind')}) % 100000 < {below} then '{kind}'")
    return f"case {' '.join(cases)} end"


def _files(
    connection: duckdb.DuckDBPyConnection, rows: int, from_: date | None, to: date | None, period_end: str
) -> list[tuple[str, int, int]]:
    """(path, first row, row after the last) of each file, in order."""
    connection.execute("create temp table days (business_date date, first_row bigint, end_row bigint)")
    slots, before = _day_slots(), 0
    days = []
    for day, count in Counter(slots).items():
        # The rows whose place in the list of slots, rounded down, falls on this day (as day_of says of each)
        first, end = -(-before * rows // len(slots)), -(-(before + count) * rows // len(slots))
        before += count
        if first < end:
            days.append(f"({literal(day)}, {first}, {end})")
    connection.execute(f"insert into days values {', '.join(days)}")
    bounds = ["(select max(business_date) from days)", period_end] + ([f"date '{to}'"] if to else [])
    periods = connection.execute(
        f"select least({', '.join(bounds)}) as dt, min(first_row), max(end_row) from days "
        "where business_date between ? and ? group by dt order by dt",
        [from_ or date.min, to or date.max],
    ).fetchall()
    return [
        (f"{SOURCE}/{FEED}/dt={dt}/{FEED}-{part:03}.csv", start, min(start + ROWS_PER_FILE, end))
        for dt, first, end in periods
        for part, start in enumerate(range(first, end, ROWS_PER_FILE), start=1)
    ]


def _draw(name: str, of: str = "origin") -> str:
    """SQL: the draw of that name, a number below 2^64, of a row or of a customer."""
    return f"draw({of}, {DRAWS.index(name) + (_DRAW_SPAN if of in ('customer', 'sharer') else 0)})"


def _chosen(items: str, name: str, of: str = "origin") -> str:
    return _at(items, f"{_draw(name, of)} % {len(_lists()[items])}")


def _at(items: str, place: str) -> str:
    return f"placed(getvariable('{items}'), {place})"


def _lines(rows: int, seed: int, first: int, end: int) -> str:
    """SQL: a `with` clause whose last part, `lines`, is the rows `first` to `end` - 1 of the export, in order.

    Columns: COLUMNS as text, and what is not written: `position` (the row's number), `origin` (the row that it repeats,
    or its own number), `kind` (of KINDS, or null), `customer`, `account`, `lost_zip_zeros`, `untidy_cells`.
    """
    repeats = NEAR_REPEATS + FAR_REPEATS
    customers = max(1, rows * CUSTOMERS[0] // CUSTOMERS[1])
    # A row that others may repeat or take the id of is one that stands for itself.
    clean: dict[str, str] = {
        "Transaction_ID": f"{spread_id('identified_by', rows, 1_000_000, seed)} || '.0'",
        "Customer_ID": f"{spread_id('account', customers, 10_000, seed)} || '.0'",
        "Name": "first_name || ' ' || last_name",
        "Email": "mail || customer || '@example.' || mail_end",
        "Phone": f"({_at('phone', 'place')} + {_draw('phone', 'customer')} % {_at('phones', 'place')}::ubigint) || '.0'",
        "Address": f"1 + {_draw('house', 'customer')} % 180 || ' ' || {_chosen('streets', 'street', 'customer')} || "
        f"case when {_draw('flat', 'customer')} % 4 = 0 then ', Flat ' || (1 + {_draw('flat', 'customer')} // 4 % 20) else '' end",
        "City": _at("city", "place"),
        "State": _at("state", "place"),
        "Zipcode": "zip || '.0'",
        "Country": _at("country", "place"),
        "Age": f"18 + {_draw('age', 'customer')} % 53 || '.0'",
        **{column: _chosen(column, column, "customer") for column in ("Gender", "Income", "Customer_Segment")},
        "Date": "month(day) || '/' || case when kind is distinct from 'impossible_date' then day(day) "
        "when month(day) = 2 then 30 else day(last_day(day)) + 1 end || '/' || year(day)",
        "Year": "year(day) || '.0'",
        "Month": "monthname(day)",
        "Time": f"format('{{}}:{{:02d}}:{{:02d}}', {_draw('time')} % 24, {_draw('time')} // 24 % 60, {_draw('time')} // 1440 % 60)",
        "Total_Purchases": "quantity || '.0'",
        "Amount": "price::varchar",
        "Total_Amount": "total::varchar",
        "Product_Category": _at("categories", "category"),
        "Product_Brand": _at(
            "brands",
            f"{_other('contradicting_brand')} * {BRANDS_PER_CATEGORY} + {_draw('brand')} % {BRANDS_PER_CATEGORY}",
        ),
        "Product_Type": _at("types", f"category * {GOODS_PER_CATEGORY} + {_draw('product')} % {GOODS_PER_CATEGORY}"),
        "Feedback": _at("feedback", "feedback"),
        **{column: _chosen(column, column) for column in ("Shipping_Method", "Payment_Method", "Order_Status")},
        "Ratings": f"case when kind = 'contradicting_rating' then {_at('contradicting_ratings', 'feedback')} "
        "else " + _at("ratings", f"feedback * 2 + {_draw('rating')} % 2") + " end || '.0'",
        "products": _at(
            "goods",
            f"{_other('contradicting_product')} * {GOODS_PER_CATEGORY} + {_draw('product')} % {GOODS_PER_CATEGORY}",
        ),
    }
    lost = {
        "Date": "kind in ('no_date', 'no_date_but_month')",
        "Year": "kind = 'no_date'",
        "Month": "kind = 'no_date'",
        "Total_Amount": "kind = 'no_amount'",
        "Amount": f"kind = 'no_amount' and {_draw('no_amount')} % 2 = 0",
        "Total_Purchases": f"kind = 'no_amount' and {_draw('no_amount')} % 2 = 1",
    }
    untidy = {column: _untidy(column) for column in CATEGORICAL}
    return f"""
        with positions as (
            select range as position from range({first}, {end})
        ),
        looked_back as (
            select
                position,
                case
                    when {_draw("repeat", "position")} % 100000 < {NEAR_REPEATS}
                        then position - 1 - cast({_draw("repeat_back", "position")} % {NEAR} as bigint)
                    when {_draw("repeat", "position")} % 100000 < {repeats}
                        then cast({_draw("repeat_of", "position")} % position::ubigint as bigint)
                end as repeated
            from positions
        ),
        originals as (
            select
                position,
                -- Only of a row that repeats none itself: else the two would not be equal
                case
                    when repeated >= 0 and {_draw("repeat", "repeated")} % 100000 >= {repeats} then repeated
                    else position
                end as origin
            from looked_back
        ),
        kinds as (
            select
                position,
                origin,
                day_of(origin) as day,
                kind_of(origin) as kind,
                cast({_draw("reused_row")} % origin::ubigint as bigint) as reused_row,
                least({_draw("customer")} % {customers}, {_draw("customer_2")} % {customers})::bigint as customer
            from originals
        ),
        shares as (
            select
                *,
                -- Only the id of a row that is in the file and shows one of its own
                coalesce(
                    kind = 'reused_transaction_id'
                    and reused_row is not null
                    and kind_of(reused_row) is distinct from 'reused_transaction_id'
                    and {_draw("repeat", "reused_row")} % 100000 >= {repeats}
                    and {_draw("null Transaction_ID", "reused_row")} % 1000 >= {NULLS},
                    false
                ) as reuses,
                case
                    when {_draw("shares_account", "customer")} % 1000 < {SHARED_ACCOUNTS}
                        then cast({_draw("shared_account", "customer")} % {customers} as bigint)
                end as sharer
            from kinds
        ),
        drawn as (
            select
                position,
                origin,
                day,
                case when kind <> 'reused_transaction_id' or reuses then kind end as kind,
                case when reuses then reused_row else origin end as identified_by,
                customer,
                case
                    when sharer is not null and {_draw("shares_account", "sharer")} % 1000 >= {SHARED_ACCOUNTS} then sharer
                    else customer
                end as account,
                cast({_draw("place", "customer")} % {sum(place[-1] for place in PLACES)} as bigint) as place,
                {_chosen("category_draws", "category")} as category,
                {_chosen("feedback_draws", "feedback")} as feedback,
                1 + {_draw("quantity")} % 10 as quantity,
                -- 10 to 500, in steps of a hundred-millionth
                (1000000000 + {_draw("price")} % 49000000001) / 1e8 as price,
                {_chosen("first_names", "first_name", "customer")} as first_name,
                {_chosen("last_names", "last_name", "customer")} as last_name
            from shares
        ),
        worked_out as (
            select
                *,
                {_at("zip", "place")} + cast({_draw("zip", "customer")} % {_at("zips", "place")}::ubigint as bigint) as zip,
                zip < {_at("zip_minimum", "place")} as lost_zip_zeros,
                (category + 1 + cast({_draw("other_category")} % {len(CATALOG) - 1} as bigint)) % {len(CATALOG)}
                    as other_category,
                quantity::double * price
                * case when kind = 'wrong_total' then (50 + {_draw("wrong_total")} % 46) / 100 else 1 end as total,
                lower(strip_accents(first_name)) || '.' as mail,
                case when {_draw("mail", "customer")} % 3 = 0 then 'org' else 'com' end as mail_end
            from drawn
        ),
        tidy as (
            select
                position,
                origin,
                kind,
                customer,
                account,
                lost_zip_zeros,
                {_named(clean)}
            from worked_out
        ),
        untidied as (
            select * replace ({_named(untidy)}),
                {", ".join(f'"{column}" as "tidy {column}"' for column in CATEGORICAL)}
            from tidy
        ),
        lines as (
            select
                position,
                origin,
                kind,
                customer,
                account,
                lost_zip_zeros,
                {_named({column: _null(column, lost.get(column)) for column in COLUMNS})},
                {" + ".join(f'coalesce(({_null(column, None)} <> "tidy {column}")::integer, 0)' for column in CATEGORICAL)}
                    as untidy_cells
            from untidied
        )
    """


def _named(expressions: dict[str, str]) -> str:
    return ", ".join(f'{sql} as "{column}"' for column, sql in expressions.items())


def _other(kind: str) -> str:
    return f"case when kind = '{kind}' then other_category else category end"


def _untidy(column: str) -> str:
    """SQL: the text of a column, in a few cells with other case or more spaces than it should have."""
    draw, text = _draw(f"untidy {column}"), f'"{column}"'
    return f"""
        case
            when {draw} % 1000 >= {UNTIDY} then {text}
            when {draw} // 1000 % 4 = 0 then upper({text})
            when {draw} // 1000 % 4 = 1 then lower({text})
            when {draw} // 1000 % 4 = 2 or not contains({text}, ' ') then ' ' || {text} || '  '
            else replace({text}, ' ', '  ')
        end
    """


def _null(column: str, lost: str | None) -> str:
    """SQL: the text of a column, or null where the row's kind of dirt or chance takes it away."""
    if column in NEVER_NULL:
        return f'"{column}"'
    condition = f"{_draw(f'null {column}')} % 1000 < {NULLS}" + (f" or coalesce({lost}, false)" if lost else "")
    return f'case when not ({condition}) then "{column}" end'
