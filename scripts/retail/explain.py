"""`retail explain`: from a number or a row of gold back to the rows of the files it comes from, and from a file to gold.

Versions of customers and products are in explain_history.

Reads only. The warehouse says which rows count; the landed file itself is read for the line as it stands there.
"""

import difflib
from collections import Counter
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from rich.table import Table

from retail import accounting, console, explain_history, landed_rows, load_history, personal, trace, warehouse
from retail.errors import UserError
from retail.explain_reader import ROWS_SHOWN, Reader, Row, member, reading, say_rows
from retail.landed_rows import as_text
from retail.trace import ACCEPTED, REJECTED_AT_LOAD, Trace
from retail.warehouse import Feed

OUTCOMES = (ACCEPTED, trace.REPEAT, trace.SUPERSEDED, trace.REJECTED_IN_STAGING, REJECTED_AT_LOAD)

# -- a sale -----------------------------------------------------------------------------------------------------------

SALE_COLUMNS = (
    "sold_date",
    "product_id",
    "customer_id",
    "store_id",
    "warehouse_id",
    "quantity",
    "unit_sales_price",
    "extended_sales_amount",
    "sales_amount",
    "net_profit_amount",
    "is_sold_date_estimated",
    "is_cancelled",
    "repairs",
)


def sale(key: str | None, channel: str | None, order: str | None, line: str | None, show_personal: bool) -> int:
    """Show each line of `gold.fct_sales` with this sales_line_key, or of this order, and the rows it comes from."""
    if not key and not order:
        raise UserError("name a sale: its sales_line_key, or --channel web --order 123 [--line 7]")
    with reading(show_personal, "gold.fct_sales") as reader:
        lines = _sale_lines(reader, key, channel, order, line)
        parameters = {"orders": sorted({each["order_id"] for each in lines}), "channel": lines[0]["channel"]}
        places = reader.sales_places(
            "channel = $channel and order_id in (select unnest($orders::varchar[]))", parameters
        )
        mine = {each["sales_line_key"]: places.get(_line_key(each)) for each in lines}
        found = reader.with_keys_of(place for place in mine.values() if place)
        for each in lines:
            place = mine[each["sales_line_key"]]
            _say_sale(reader, each)
            if place is None:
                console.out.print("  in gold, and no longer in the conformed lines: run `dbt build`", style="red")
                continue
            of_key = next(one.key for one in found if one.place == place)
            say_rows(
                reader,
                [one for one in found if one.key == of_key and one.file.split("/")[:2] == place[0].split("/")[:2]],
            )
    return 0


def _sale_lines(reader: Reader, key: str | None, channel: str | None, order: str | None, line: str | None) -> list[Row]:
    conditions, parameters = [], {}
    if key:
        conditions.append("$key in (sales_line_key, order_id, order_number)")
        parameters["key"] = key
    for column, value in (("channel", channel), ("line_id", line)):
        if value:
            conditions.append(f"{column} = ${column}")
            parameters[column] = value
    if order:
        conditions.append("$order in (order_id, order_number)")
        parameters["order"] = order
    query = f"select * from gold.fct_sales where {' and '.join(conditions)} order by channel, order_id, line_id"
    lines = warehouse.rows(reader.connection, query, parameters)
    asked = " ".join(filter(None, [key, channel, order and f"order {order}", line and f"line {line}"]))
    if not lines:
        channels = [
            name
            for (name,) in reader.connection.execute(
                "select distinct channel from gold.fct_sales order by 1"
            ).fetchall()
        ]
        if channel and channel not in channels:
            raise UserError(f"there is no channel {channel}; there are: {', '.join(channels)}")
        raise UserError(
            f"no line of gold.fct_sales is {asked}; try --channel ({', '.join(channels)}) with --order, and if the row "
            "landed but may have been rejected: retail explain file PATH"
        )
    found = sorted({each["channel"] for each in lines})
    if len(found) > 1:
        raise UserError(f"{asked} is in the channels {', '.join(found)}: choose one with --channel")
    return lines


def _line_key(line: Row) -> tuple:
    return line["source_name"], line["channel"], line["order_id"], line["line_id"]


def _say_sale(reader: Reader, line: Row) -> None:
    number = f" (order number {line['order_number']})" if line["order_number"] not in (None, line["order_id"]) else ""
    console.out.print(
        f"gold.fct_sales: {line['source_name']}, {line['channel']}, order {line['order_id']}{number}, line {line['line_id']}",
        style="bold",
        markup=False,
    )
    console.out.print(f"  sales_line_key={line['sales_line_key']}", markup=False)
    console.out.print("  " + as_text({name: line[name] for name in SALE_COLUMNS}), markup=False)
    for what in ("customer", "product"):
        _say_version_of_sale(reader, line, what)
    if line["quantity"] is not None and line["unit_sales_price"] is not None:
        exact = line["quantity"] * line["unit_sales_price"]
        if exact == line["sales_amount"]:
            console.out.print(
                f"  sales_amount {line['sales_amount']} = {line['quantity']} x {line['unit_sales_price']}"
            )


def _say_version_of_sale(reader: Reader, line: Row, what: str) -> None:
    """Which version of the customer or product the line points to, where the source has versions; or that it is not known."""
    named = line["source_bill_customer_id" if what == "customer" else "source_product_id"]
    if line[f"{what}_id"] == "unknown" and named is not None:
        console.out.print(f"  {what} {named} has not landed: the line points to the unknown member", markup=False)
        return
    query = f"select changed_at from gold.dim_{what}s_history where {what}_key = ?"
    (changed_at,) = reader.connection.execute(query, [line[f"{what}_key"]]).fetchone() or (None,)
    if changed_at:
        at = explain_history.moment(changed_at)
        console.out.print(
            f"  {what} {line[f'{what}_id']} in the version of {at}: retail explain {what} {line[f'{what}_id']}",
            markup=False,
        )


# -- a product in a week ----------------------------------------------------------------------------------------------


def product(product_id: str, week: str | None, warehouse_id: str | None, show_personal: bool) -> int:
    """Show how each column of a row of `gold.fct_weekly_sales_inventory` came about; 1 if it does not add up.

    Without a week the product's versions and the rows they come from. Of a product that has no row there, as it never left a
    warehouse, its lines of the week.
    """
    if week is None:
        return explain_history.product(product_id, show_personal)
    try:
        day = date.fromisoformat(week)
    except ValueError:
        raise UserError(f"--week {week}: a day of the week is wanted, YYYY-MM-DD") from None
    with reading(show_personal, "gold.fct_weekly_sales_inventory", "gold.dim_products") as reader:
        id_ = member(reader, "product", product_id)["product_id"]
        bounds = reader.connection.execute(
            "select week_start_date, week_end_date from gold.dim_dates where date_day = ?", [day]
        ).fetchone()
        if bounds is None:
            raise UserError(f"--week {week}: the calendar (gold.dim_dates) does not have this day")
        facts = _weekly_facts(reader, id_, bounds[0], warehouse_id)
        if not facts:
            _say_lines_without_warehouse(reader, id_, *bounds)
            return 0
        adds_up = [_say_week(reader, fact, *bounds) for fact in facts]
        query = """
            select count(*), coalesce(sum(quantity), 0)::bigint
            from gold.fct_sales
            where product_id = ? and sold_date between ? and ? and warehouse_id = 'unknown'
        """
        count, units = reader.connection.execute(query, [id_, *bounds]).fetchone()
        if count:
            console.out.print(
                f"Not in the weekly fact: {count:,} lines ({units:,} units) of the product in this week that name no known "
                "warehouse (store sales have none); they are in gold.fct_sales."
            )
    return 0 if all(adds_up) else 1


def _say_lines_without_warehouse(reader: Reader, product_id: str, start: date, end: date) -> None:
    """The lines of a product that is not in the weekly fact, and the rows they come from. UserError where it sold nothing."""
    lines = _week_lines(reader, product_id, None, start, end)
    if not lines:
        raise UserError(
            f"{product_id} has no row in gold.fct_weekly_sales_inventory, since it never sold from a warehouse or was counted, "
            f"and no line in the week of {start}"
        )
    console.out.print(
        f"{product_id}, week {start} to {end}: not in gold.fct_weekly_sales_inventory, since it never sold from a warehouse or "
        "was counted; its lines are in gold.fct_sales",
        style="bold",
        markup=False,
    )
    _say_lines(lines)
    places = {(line["file"], line["row"]) for line in lines}
    found = reader.with_keys_of(place for place in places if place[0])
    say_rows(reader, [one for one in found if one.place in places], title="The rows as they landed")
    passed_over = [one for one in found if one.place not in places]
    if passed_over:
        say_rows(reader, passed_over, title="Passed over")


def _weekly_facts(reader: Reader, product_id: str, week: date, warehouse_id: str | None) -> list[Row]:
    """The rows of a product in a week; none where it has none in any week. UserError where it has them in other weeks alone."""
    query = "select * from gold.fct_weekly_sales_inventory where product_id = ? order by warehouse_id, week_start_date"
    rows = warehouse.rows(reader.connection, query, [product_id])
    if not rows:
        return []
    of_week = [row for row in rows if row["week_start_date"] == week]
    facts = [row for row in of_week if not warehouse_id or row["warehouse_id"] == warehouse_id]
    if not facts:
        weeks = [row["week_start_date"] for row in rows]
        if of_week:
            others = ", ".join(str(row["warehouse_id"]) for row in of_week)
            raise UserError(
                f"{product_id} has no row for warehouse {warehouse_id} in the week of {week}; it has for: {others}"
            )
        raise UserError(
            f"{product_id} has no row for the week of {week}; its weeks run from {min(weeks)} to {max(weeks)}"
        )
    return facts


def _say_week(reader: Reader, fact: Row, start: date, end: date) -> bool:
    lines = _week_lines(reader, fact["product_id"], fact["warehouse_key"], start, end)
    counts = _week_counts(reader, fact, start, end)
    as_of = reader.connection.execute("select as_of_date from silver.int_as_of_date").fetchone()[0]
    stands = next((count for count in reversed(counts) if count["on_hand_quantity"] is not None), None)
    expected = week_columns(lines, stands["on_hand_quantity"] if stands else None, end, as_of)

    console.out.print(
        f"gold.fct_weekly_sales_inventory: {fact['product_id']} in {fact['warehouse_id']}, week {start} to {end}",
        style="bold",
        markup=False,
    )
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("column", "value", "from the rows below", ""):
        table.add_column(heading, no_wrap=True)
    for name, (value, how) in expected.items():
        right = fact[name] == value
        table.add_row(
            name,
            str(fact[name]),
            how,
            "adds up" if right else f"DOES NOT ADD UP: {value}",
            style=None if right else "red",
        )
    console.print_table(table)

    places = {(line["file"], line["row"]) for line in lines} | {(count["file"], count["row"]) for count in counts}
    found = reader.with_keys_of(place for place in places if place[0])
    _say_lines(lines)
    _say_counts(reader, counts, stands)
    passed_over = [one for one in found if one.place not in places]
    if passed_over:
        say_rows(reader, passed_over, title="Passed over")
    shown = [one for one in found if one.place in places]
    if shown:
        say_rows(reader, shown, title="The rows as they landed")
    return all(fact[name] == value for name, (value, _) in expected.items())


def week_columns(lines: list[Row], on_hand: int | None, end: date, as_of: date | None) -> dict[str, tuple[object, str]]:
    """The columns of the weekly fact from its lines and the count that stands, each with how it came about.

    Computed here, in exact decimals, not read from the fact.
    """
    counted = [line for line in lines if not line["is_cancelled"]]
    cancelled = len(lines) - len(counted)
    left_out = f", without {cancelled} cancelled" if cancelled else ""

    def total(name: str) -> Decimal:
        return sum((line[name] for line in counted if line[name] is not None), Decimal(0))

    units, amount, profit = int(total("quantity")), total("sales_amount"), total("net_profit_amount")
    incomplete = sum(line["quantity"] is None or line["sales_amount"] is None for line in counted)
    lines_text = f"{len(counted)} line{'s' if len(counted) != 1 else ''}{left_out}"
    supply = ratio(on_hand, units) if on_hand is not None and units else None
    why_no_supply = "nothing sold" if not units else "no known count"
    return {
        "sum_qty_wk": (units, f"quantity of {lines_text}"),
        "sum_amt_wk": (amount.quantize(Decimal("0.01")), f"sales_amount of {lines_text}"),
        "sum_profit_wk": (profit.quantize(Decimal("0.01")), f"net_profit_amount of {lines_text}"),
        "avg_qty_dy": (ratio(units, 7), f"{units} / 7"),
        "incomplete_lines_wk": (incomplete, "lines without a quantity or an amount"),
        "inv_on_hand_qty_wk": (
            on_hand,
            "the last known count of the week" if on_hand is not None else "no known count in the week",
        ),
        "wks_sply": (supply, f"{on_hand} / {units}" if supply is not None else why_no_supply),
        "low_stock_flg_wk": (
            on_hand is not None and units > 0 and units > 7 * on_hand,
            f"{units} > 7 x {on_hand}" if on_hand is not None else "unknown stock is not low",
        ),
        "is_complete_week": (as_of is not None and end <= as_of, f"ends {end}, as of {as_of}"),
    }


def ratio(numerator: int, divisor: int) -> Decimal:
    """A quotient to four decimals, half away from zero."""
    # exact: twice the quotient in ten-thousandths decides
    sign = -1 if (numerator < 0) != (divisor < 0) else 1
    whole, rest = divmod(abs(numerator) * 10_000, abs(divisor))
    return (Decimal(sign * (whole + (2 * rest >= abs(divisor)))) / 10_000).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def _week_lines(reader: Reader, product_id: str, warehouse_key: str | None, start: date, end: date) -> list[Row]:
    """The lines of a product in a week with their places; of one warehouse, or with none all of them."""
    query = """
        select source_name, channel, order_id, line_id, sold_date, quantity, sales_amount, net_profit_amount, is_cancelled, sales_line_key
        from gold.fct_sales
        where product_id = $product and coalesce(warehouse_key = $warehouse, true) and sold_date between $start and $end
        order by sold_date, channel, order_id, line_id
    """
    parameters = {"product": product_id, "warehouse": warehouse_key, "start": start, "end": end}
    lines = warehouse.rows(reader.connection, query, parameters)
    places = reader.sales_places(
        "sold_date between $start and $end and source_product_id in (select source_product_id from gold.dim_products_history "
        "where product_id = $product)",
        {"product": product_id, "start": start, "end": end},
    )
    for line in lines:
        line["file"], line["row"] = places.get(_line_key(line), (None, None))
    return lines


def _week_counts(reader: Reader, fact: Row, start: date, end: date) -> list[Row]:
    """The counts of the week, the one that stands last among those with a known quantity."""
    query = """
        select counts.count_date, counts.source_product_id, counts.on_hand_quantity, landed._file_name as file, landed._file_row_number as row
        from gold.fct_stock_counts as counts
        inner join gold.dim_products_history as products using (product_key)
        left join silver.int_stock_counts as landed
            on
                landed.source_name = counts.source_name
                and landed.source_product_id = counts.source_product_id
                and landed.source_warehouse_id = counts.source_warehouse_id
                and landed.count_date = counts.count_date
        where counts.product_id = $product and counts.warehouse_key = $warehouse and counts.count_date between $start and $end
        order by counts.count_date, products.valid_from, counts.on_hand_quantity nulls first
    """
    parameters = {"product": fact["product_id"], "warehouse": fact["warehouse_key"], "start": start, "end": end}
    return warehouse.rows(reader.connection, query, parameters)


def _say_lines(lines: list[Row]) -> None:
    if not lines:
        console.out.print("Lines sold: none")
        return
    table = Table(title="Lines sold", title_justify="left", box=None, pad_edge=False, header_style="bold")
    for heading in ("day", "channel", "order", "line"):
        table.add_column(heading, no_wrap=True)
    for heading in ("quantity", "amount", "profit"):
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in ("", "file", "row"):
        table.add_column(heading, no_wrap=True)
    for line in lines:
        cells = [
            line[name]
            for name in ("sold_date", "channel", "order_id", "line_id", "quantity", "sales_amount", "net_profit_amount")
        ]
        cells += ["cancelled: left out" if line["is_cancelled"] else "", line["file"], line["row"]]
        table.add_row(*("" if cell is None else str(cell) for cell in cells))
    console.print_table(table)


def _say_counts(reader: Reader, counts: list[Row], stands: Row | None) -> None:
    if not counts:
        console.out.print("Stock counts: none")
        return
    table = Table(title="Stock counts", title_justify="left", box=None, pad_edge=False, header_style="bold")
    for heading in ("day", "item", "on hand", "", "file", "row"):
        table.add_column(heading, no_wrap=True)
    for count in counts:
        if count is stands:
            what = "stands: the last known of the week"
        elif count["on_hand_quantity"] is None:
            what = "not known: says nothing"
        else:
            what = "a later count stands"
        known = "" if count["on_hand_quantity"] is None else str(count["on_hand_quantity"])
        table.add_row(
            str(count["count_date"]), count["source_product_id"], known, what, count["file"], str(count["row"])
        )
    console.print_table(table)


# -- a file -----------------------------------------------------------------------------------------------------------


def file(path: str, rows: bool, show_personal: bool) -> int:
    """Show what became of each row of a landed file: a summary by outcome, or with `rows` a line of TSV for each row."""
    with reading(show_personal) as reader:
        name = _file_name(reader, path)
        history = warehouse.rows(
            reader.connection,
            "select * from audit.load_history where file_name = ? order by finished_at, rowid",
            [name],
        )
        if not history:
            if trace.feed_of(reader.feeds, name):
                console.out.print(
                    f"{name}: has landed and is not loaded yet; run `retail check`, then `retail load`", markup=False
                )
            return 0
        feed = trace.feed_of(reader.feeds, name)
        traces = trace.of_files(reader.connection, feed, [name])
        rejects = trace.rejected_at_load(reader.connection, name)
        if rows:
            _say_tsv(reader, feed, name, traces, rejects)
            return 0
        return _say_file(reader, feed, name, history, traces, rejects)


def _file_name(reader: Reader, path: str) -> str:
    """The name of a file in the landing zone, from that name, a path on disk or the name's end."""
    known = [
        name
        for (name,) in reader.connection.execute(
            "select distinct file_name from audit.load_history order by 1"
        ).fetchall()
    ]
    names = [path.removeprefix("./")]
    names += reader.landing.names_of(path)
    for name in names:
        if name in known:
            return name
    for name in names:
        if not Path(name).is_absolute() and reader.landing.has(name):
            return name
    ends = [name for name in known if name.endswith("/" + names[0].lstrip("/"))]
    if len(ends) == 1:
        return ends[0]
    near = ends or difflib.get_close_matches(names[-1], known, 3, 0.4)
    tries = ", ".join(near[:3]) or "paths below the landing zone, as in audit.load_history"
    raise UserError(f"{path}: {'several files end so' if ends else 'no such file has landed'}; try: {tries}")


def _say_file(
    reader: Reader, feed: Feed, name: str, history: list[Row], traces: list[Trace], rejects: list[Row]
) -> int:
    last = history[-1]
    console.out.print(name, style="bold", markup=False)
    for attempt in history:
        at = f" at line {attempt['first_error_line_number']}" if attempt["first_error_line_number"] else ""
        error = f"; first error{at}: {attempt['first_error_message']}" if attempt["first_error_message"] else ""
        parsed = f"{attempt['row_parsed']:,}" if attempt["row_parsed"] is not None else "unknown"
        console.out.print(
            f"  {attempt['finished_at']:%Y-%m-%d %H:%M} UTC: {attempt['status']}; records {parsed}, loaded "
            f"{attempt['row_count']:,}, rejected {attempt['error_count']:,}{error}",
            markup=False,
        )
        for what, label in (
            ("missing_columns", "null, for the file lacks them"),
            ("extra_columns", "ignored, for the table lacks them"),
        ):
            if attempt[what]:
                console.out.print(f"  columns {label}: {attempt[what]}", markup=False)
    console.out.print(f"  {reader.landed(feed, name, set()).state}", markup=False)
    if last["status"] == load_history.LOAD_FAILED and not traces:
        console.out.print(
            "  No row of it is in the warehouse. Land a corrected file; under a new name is right everywhere."
        )
        return 0

    counts = Counter(one.outcome for one in traces)
    counts[REJECTED_AT_LOAD] = len(rejects)
    table = Table(title="What became of its rows", title_justify="left", box=None, pad_edge=False, header_style="bold")
    table.add_column("outcome", no_wrap=True)
    table.add_column("rows", justify="right", no_wrap=True)
    for outcome in OUTCOMES:
        table.add_row(outcome, f"{counts[outcome]:,}")
    parsed = max((entry["row_parsed"] or 0) for entry in history if entry["status"] != load_history.LOAD_FAILED)
    table.add_row("all", f"{counts.total():,}", style="bold")
    console.print_table(table)
    adds_up = counts.total() == parsed
    accounted = accounting.of_file(reader.connection, name)
    if accounted is None:
        # staging may be a table, which does not have the file's rows yet
        console.out.print(
            f"  loaded since the last build ({parsed:,} rows): run `dbt build`, then ask again", style="yellow"
        )
        return 0
    if not adds_up:
        console.out.print(f"DOES NOT ADD UP: the loader read {parsed:,} rows; see docs/row-accounting.md", style="red")
    if (accounted["accepted_rows"], accounted["repeat_rows"], accounted["superseded_rows"]) != tuple(
        counts[outcome] for outcome in (ACCEPTED, trace.REPEAT, trace.SUPERSEDED)
    ):
        console.out.print(
            "  audit.audit_row_accounting says otherwise: other files were loaded since; run `dbt build`",
            style="yellow",
        )

    gold = trace.gold_rows(reader.connection, feed, name)
    if gold:
        # a change of a log that opened no version has no row of its own, and its text says what it did
        rows_in_gold = Counter(text.split()[0] for text in gold.values() if text.startswith(("dim_", "fct_")))
        others = Counter(text.partition(": ")[0] for text in gold.values() if not text.startswith(("dim_", "fct_")))
        console.out.print(
            "In gold: " + ", ".join(f"{count:,} rows of {table}" for table, count in rows_in_gold.items())
        )
        for what, count in others.items():
            console.out.print(f"  {count:,} accepted without a row of their own: {what}", markup=False)
    reasons = Counter((one.outcome, one.why) for one in traces if one.outcome == trace.REJECTED_IN_STAGING)
    reasons += Counter((REJECTED_AT_LOAD, reject["error_message"]) for reject in rejects)
    for (outcome, why), count in reasons.most_common():
        console.out.print(f"  {count:,} {outcome}: {why}", markup=False)
    passed = [one for one in traces if one.outcome != ACCEPTED]
    _say_rejects(reader, feed, rejects)
    if passed:
        say_rows(reader, passed, feed, "Not accepted")
    console.out.print("--rows lists each row with its outcome and the gold row it went into.")
    return 0 if adds_up else 1


def _say_rejects(reader: Reader, feed: Feed, rejects: list[Row]) -> None:
    columns = [column.name for column in reader.pipe(feed).table.columns]
    hidden = not reader.show_personal and any(map(personal.is_personal, columns))
    if rejects:
        console.out.print("Rejected at load")
    for reject in rejects[:ROWS_SHOWN]:
        column = f" (column {reject['column_name']})" if reject["column_name"] else ""
        text = landed_rows.hidden_text() if hidden else reject["raw_line"]
        console.out.print(
            f"  row {reject['file_row_number']:,}, line {reject['line_number']:,}: {reject['error_message']}{column}",
            markup=False,
        )
        console.out.print(f"      {text}", markup=False)
    if len(rejects) > ROWS_SHOWN:
        console.out.print(f"  … and {len(rejects) - ROWS_SHOWN:,} more")


def _say_tsv(reader: Reader, feed: Feed, name: str, traces: list[Trace], rejects: list[Row]) -> None:
    """A line for each row: number, line in the file (CSV), outcome, reason, gold row. To standard output, plain."""
    is_csv = reader.pipe(feed).file_format.type == "csv"
    lines = reader.landed(feed, name, None).rows if is_csv else {}
    gold = trace.gold_rows(reader.connection, feed, name)
    cells = [
        (
            one.number,
            getattr(lines.get(one.number), "line", None),
            one.outcome,
            one.why,
            gold.get(one.number) if one.outcome == ACCEPTED else None,
        )
        for one in traces
    ]
    cells += [
        (each["file_row_number"], each["line_number"], REJECTED_AT_LOAD, each["error_message"], None)
        for each in rejects
    ]
    stream = console.out.file
    stream.write("row\tline\toutcome\treason\tgold\n")
    for each in sorted(cells, key=lambda cell: cell[0]):
        text = ("" if cell is None else str(cell).replace("\t", " ").replace("\n", " ") for cell in each)
        stream.write("\t".join(text) + "\n")
