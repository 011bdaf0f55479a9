/* What the pages of the site do in the browser: filters, measures, tables, formats. Charts are drawn by Vega-Lite. */
"use strict";

(function () {
  // -- formats ------------------------------------------------------------------------------------------------------

  const MINUS = "\u2212";
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

  function grouped(value, digits) {
    const text = Math.abs(value).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    return (value < 0 && /[1-9]/.test(text) ? MINUS : "") + text;
  }

  /* Three digits that count and K, M or B; whole numbers below 10,000. */
  function short(value, unit) {
    const sign = value < 0 ? MINUS : "";
    let size = Math.abs(value);
    if (size < 9999.5) return sign + unit + size.toLocaleString("en-US", { maximumFractionDigits: size < 10 ? 2 : 0 });
    for (const [limit, letter] of [[1e9, "B"], [1e6, "M"], [1e3, "K"]]) {
      // what would round to 1,000 is 1 of the next
      if (size >= limit * 0.9995 || letter === "K") {
        size /= limit;
        const digits = size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
        return sign + unit + size.toLocaleString("en-US", { maximumFractionDigits: digits }) + letter;
      }
    }
  }

  function plural(value, word) {
    const text = grouped(value, Math.abs(value) < 100 && !Number.isInteger(value) ? 1 : 0);
    return text + " " + (text === "1" ? word : word + "s");
  }

  const FORMATS = {
    money: (value) => short(value, "$"),
    money_exact: (value) => (value < 0 ? MINUS : "") + "$" + grouped(Math.abs(value), 2),
    number: (value) => grouped(value, 0),
    compact: (value) => short(value, ""),
    decimal: (value) => grouped(value, 1),
    // not quite all is not all
    percent: (value) => grouped(value * 100, value !== 1 && Math.abs(value - 1) < 0.0005 ? 3 : 1) + "%",
    weeks: (value) => plural(value, "week"),
    days: (value) => plural(value, "day"),
    date: (value) => {
      const [year, month, day] = String(value).slice(0, 10).split("-");
      return Number(day) + " " + MONTHS[month - 1] + " " + year;
    },
    month: (value) => MONTHS[String(value).slice(5, 7) - 1] + " " + String(value).slice(0, 4),
    status: (value) => words(value),
    text: (value) => String(value),
  };
  const NUMERIC = ["money", "money_exact", "number", "compact", "decimal", "percent", "weeks", "days"];

  /* low_stock as people write it: Low stock */
  function words(value) {
    const text = String(value).replaceAll("_", " ");
    return text.charAt(0).toUpperCase() + text.slice(1);
  }

  function formatted(value, format) {
    if (value === null || value === undefined || (typeof value === "number" && !Number.isFinite(value))) return "\u2013";
    return (FORMATS[format] || FORMATS.text)(value);
  }

  // what a pill's colour says is said by its word too
  const TONES = {
    good: ["pass", "healthy", "loaded", "resolved", "ok"],
    warn: ["warn", "low", "excess", "partially loaded", "open", "no demand"],
    bad: ["fail", "error", "runtime error", "out of stock", "load failed"],
  };
  function tone(value) {
    const text = String(value).replaceAll("_", " ").toLowerCase();
    return Object.keys(TONES).find((each) => TONES[each].includes(text)) || "neutral";
  }

  // -- rows and measures --------------------------------------------------------------------------------------------

  function unpacked(query) {
    const names = Object.keys(query.columns);
    const values = names.map((name) => {
      const column = query.columns[name];
      return column.words ? column.codes.map((code) => column.words[code]) : column.values;
    });
    const kinds = Object.fromEntries(names.map((name) => [name, query.columns[name].kind]));
    const rows = Array.from({ length: query.rows }, (_, row) => Object.fromEntries(names.map((name, place) => [name, values[place][row]])));
    return { kinds, rows };
  }

  function kept(rows, where) {
    const conditions = Object.entries(where || {}).map(([field, value]) => [field, Array.isArray(value) ? value : [value]]);
    return conditions.length ? rows.filter((row) => conditions.every(([field, values]) => values.includes(row[field]))) : rows;
  }

  function sum(rows, field) {
    let total = null;
    for (const row of rows) if (row[field] !== null) total = (total || 0) + row[field];
    return total;
  }

  /* A measure of a page definition; null where there is nothing to measure. As retail.site.measures computes it. */
  function measured(rows, measure) {
    const left = kept(rows, measure.where);
    if (measure.count) return left.length;
    if (measure.ratio) {
      const [above, below] = measure.ratio.map((field) => sum(left, field));
      return above === null || !below ? null : above / below;
    }
    if (measure.sum) return sum(left, measure.sum);
    const values = left.map((row) => row[measure.max || measure.min]).filter((value) => value !== null);
    if (!values.length) return null;
    return values.reduce((best, value) => ((measure.max ? value > best : value < best) ? value : best));
  }

  function compare(left, right) {
    // what is not known comes last
    if (left === null || right === null) return (left === null) - (right === null);
    return left < right ? -1 : left > right ? 1 : 0;
  }

  function element(name, properties, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(properties || {})) {
      if (key in made && key !== "list") made[key] = value;
      else made.setAttribute(key, value);
    }
    made.append(...children);
    return made;
  }

  // -- the home page has figures alone ------------------------------------------------------------------------------

  for (const figure of document.querySelectorAll("data[data-format]")) {
    const text = figure.getAttribute("value");
    const numeric = NUMERIC.includes(figure.dataset.format);
    figure.textContent = formatted(text === "" ? null : numeric ? Number(text) : text, figure.dataset.format);
  }
  const source = document.getElementById("data");
  if (!source) return;

  const page = JSON.parse(source.textContent);
  const queries = Object.fromEntries(Object.entries(page.queries).map(([name, query]) => [name, unpacked(query)]));
  const NONE = "(none)";

  // -- filters ------------------------------------------------------------------------------------------------------

  const form = document.getElementById("filters");
  const filters = page.filters.map((filter) => {
    const rows = Object.values(queries).filter((query) => filter.field in query.kinds).flatMap((query) => query.rows);
    const values = [...new Set(rows.map((row) => shown(row[filter.field])))];
    if (filter.sort !== "as_queried") values.sort(compare);
    if (filter.sort === "descending") values.reverse();
    const all = filter.all !== false;
    const opening = values.includes(filter.default) ? filter.default : all ? "" : values[0] || "";
    return { ...filter, values, all, opening, value: opening, select: form.elements[filter.field] };
  });

  function shown(value) {
    return value === null ? NONE : String(value);
  }

  /* The rows of a query that the filters leave, but for one of them where its own choices are asked for. */
  function filtered(query, but) {
    const acting = filters.filter((filter) => filter !== but && filter.value !== "" && filter.field in query.kinds);
    return acting.length ? query.rows.filter((row) => acting.every((filter) => shown(row[filter.field]) === filter.value)) : query.rows;
  }

  for (const filter of filters) {
    if (filter.all) filter.select.append(element("option", { value: "" }, "All"));
    for (const value of filter.values) filter.select.append(element("option", { value }, value));
    filter.select.disabled = !filter.values.length;
  }

  function readAddress() {
    const wanted = new URLSearchParams(location.hash.slice(1));
    for (const filter of filters) {
      const value = wanted.has(filter.field) ? wanted.get(filter.field) : filter.opening;
      filter.value = filter.values.includes(value) || (value === "" && filter.all) ? value : filter.opening;
    }
  }

  function writeAddress() {
    const chosen = new URLSearchParams();
    for (const filter of filters) if (filter.value !== filter.opening) chosen.set(filter.field, filter.value);
    const text = chosen.toString();
    // in place, or the way back leads through every choice
    history.replaceState(null, "", text ? "#" + text : location.pathname + location.search);
  }

  /* Choices that occur together with the others; one that does not is shown, but cannot be taken. */
  function offer() {
    for (const filter of filters) {
      const there = new Set();
      for (const query of Object.values(queries)) {
        if (filter.field in query.kinds) for (const row of filtered(query, filter)) there.add(shown(row[filter.field]));
      }
      for (const option of filter.select.options) option.disabled = option.value !== "" && option.value !== filter.value && !there.has(option.value);
      filter.select.value = filter.value;
      filter.select.closest(".filter").classList.toggle("acting", filter.value !== filter.opening);
    }
  }

  function choose(changed) {
    // a choice that leaves nothing of another one sets that one back: a channel of another source
    for (const filter of filters) {
      if (filter === changed || filter.value === "" || !filter.all) continue;
      const there = Object.values(queries).some((query) => filter.field in query.kinds && filtered(query).length);
      if (!there) filter.value = "";
    }
    offer();
    const chosen = filters.filter((filter) => filter.value !== "").map((filter) => filter.label + " " + filter.value);
    document.getElementById("filter-status").textContent = "Showing " + (chosen.join(", ") || "all");
    return redraw();
  }

  if (form) {
    form.addEventListener("change", (event) => {
      const filter = filters.find((each) => each.select === event.target);
      filter.value = event.target.value;
      choose(filter).then(writeAddress);
      writeAddress();
    });
    form.addEventListener("reset", (event) => {
      event.preventDefault();
      for (const filter of filters) filter.value = filter.opening;
      writeAddress();
      choose();
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    window.addEventListener("hashchange", () => {
      readAddress();
      choose();
    });
    readAddress();
    offer();
  }

  // -- tiles --------------------------------------------------------------------------------------------------------

  function rowsOf(tile) {
    return kept(filtered(queries[tile.query]), tile.definition.where);
  }

  function drawKpi(tile) {
    const { value: measure, compare: before, compare_value: now, compare_label: label, good, format } = tile.definition;
    const rows = rowsOf(tile);
    const value = rows.length ? measured(rows, measure) : null;
    const figure = tile.element.querySelector(".figure data");
    figure.textContent = rows.length ? formatted(value, format) : "No rows";
    figure.classList.toggle("none", !rows.length);
    figure.value = value === null ? "" : value;
    figure.title = value === null || typeof value !== "number" ? "" : exact(value, format);
    const change = tile.element.querySelector(".change");
    change.className = "change";
    change.replaceChildren();
    if (!before) return;
    const then = measured(rows, before);
    const current = now ? measured(rows, now) : value;
    if (!then || current === null) {
      change.append("Nothing to compare with");
      return;
    }
    const points = format === "percent";
    const moved = points ? (current - then) * 100 : (current / then - 1) * 100;
    const size = grouped(Math.abs(moved), 1);
    const direction = size === "0.0" ? "same" : moved > 0 ? "up" : "down";
    const against = label || "the year before";
    const wanted = good || "up";
    change.classList.add(direction === "same" || wanted === "neither" ? "neutral" : direction === wanted ? "good" : "bad");
    change.append(
      element("span", { className: "arrow", "aria-hidden": "true" }, { up: "\u25B2", down: "\u25BC", same: "\u25CF" }[direction]),
      direction === "same" ? " Same as " + against : " " + words(direction) + " " + size + (points ? " points on " : "% on ") + against,
    );
    change.title = words(against) + ": " + exact(then, format);
    change.dataset.before = then;
    change.dataset.now = current;
  }

  /* The number in full, for a tooltip. */
  function exact(value, format) {
    if (format === "money" || format === "money_exact") return FORMATS.money_exact(value);
    if (format === "percent") return grouped(value * 100, 2) + "%";
    return value.toLocaleString("en-US", { maximumFractionDigits: 4 });
  }

  // -- tables -------------------------------------------------------------------------------------------------------

  function formatOf(column, kinds) {
    if (column.format) return column.format;
    if (column.value) return column.value.ratio ? "percent" : "number";
    return { number: "number", date: "date" }[kinds[column.field]] || "text";
  }

  /* The rows of a table as lists, a value a column; grouped by the columns with a field where another one has a measure. */
  function tableRows(tile) {
    const columns = tile.definition.columns;
    const rows = rowsOf(tile);
    const fields = columns.filter((column) => column.field).map((column) => column.field);
    let groups = rows.map((row) => [row]);
    if (columns.some((column) => column.value)) {
      const found = new Map();
      for (const row of rows) {
        const key = JSON.stringify(fields.map((field) => row[field]));
        if (!found.has(key)) found.set(key, []);
        found.get(key).push(row);
      }
      groups = [...found.values()];
    }
    return groups.map((group) => ({ row: group[0], values: columns.map((column) => (column.value ? measured(group, column.value) : group[0][column.field])) }));
  }

  function sorted(rows, place, descending) {
    // the order of the query decides between equals
    return rows
      .map((each, number) => [each, number])
      .sort(([left, first], [right, second]) => {
        const [a, b] = [left.values[place], right.values[place]];
        const order = compare(a, b);
        return (a === null || b === null ? order : descending ? -order : order) || first - second;
      })
      .map(([each]) => each);
  }

  function prepareTable(tile) {
    const { definition, element: article } = tile;
    const columns = definition.columns;
    tile.formats = columns.map((column) => formatOf(column, queries[tile.query].kinds));
    const start = definition.sort ? columns.findIndex((column) => column.title === definition.sort.column) : -1;
    tile.order = { place: start, descending: Boolean(definition.sort && definition.sort.order === "descending") };
    tile.opening = tile.order;
    tile.first = 0;
    tile.heads = columns.map((column, place) => {
      const button = element("button", { type: "button" }, column.title);
      button.addEventListener("click", () => {
        const again = tile.order.place === place;
        // the largest numbers first, the first letters first
        tile.order = { place, descending: again ? !tile.order.descending : NUMERIC.includes(tile.formats[place]) };
        tile.first = 0;
        drawTable(tile);
      });
      return element("th", { scope: "col", className: NUMERIC.includes(tile.formats[place]) ? "numeric" : "" }, button);
    });
    tile.body = element("tbody");
    article.querySelector(".scroll").append(
      element("table", {}, element("caption", { className: "visually-hidden" }, tile.title), element("thead", {}, element("tr", {}, ...tile.heads)), tile.body),
    );
    tile.search = article.querySelector("input[type=search]");
    tile.search.addEventListener("input", () => {
      tile.first = 0;
      drawTable(tile);
    });
    article.querySelector(".download").addEventListener("click", () => download(tile));
    tile.status = element("span", { role: "status" });
    tile.back = element("button", { type: "button", ariaLabel: "Previous rows of " + tile.title }, "\u2039");
    tile.forth = element("button", { type: "button", ariaLabel: "Next rows of " + tile.title }, "\u203A");
    tile.back.addEventListener("click", () => turn(tile, -1));
    tile.forth.addEventListener("click", () => turn(tile, 1));
    article.querySelector(".pager").append(tile.status, tile.back, tile.forth);
  }

  function turn(tile, pages) {
    tile.first += pages * (tile.definition.rows_per_page || 10);
    drawTable(tile);
  }

  /* The rows that the table holds: the best of them by the order it opens with, then what the search leaves, as it is sorted. */
  function tableContent(tile) {
    let rows = tableRows(tile);
    if (tile.opening.place >= 0) rows = sorted(rows, tile.opening.place, tile.opening.descending);
    if (tile.definition.limit) rows = rows.slice(0, tile.definition.limit);
    tile.largest = tile.definition.columns.map((_, place) => Math.max(0, ...rows.map((row) => Math.abs(Number(row.values[place])) || 0)));
    const wanted = tile.search.value.trim().toLowerCase();
    if (wanted) {
      rows = rows.filter((row) =>
        row.values.some((value, place) => (formatted(value, tile.formats[place]) + " " + shown(value)).toLowerCase().includes(wanted)),
      );
    }
    return tile.order.place >= 0 ? sorted(rows, tile.order.place, tile.order.descending) : rows;
  }

  function drawTable(tile) {
    const rows = tableContent(tile);
    const size = tile.definition.rows_per_page || 10;
    tile.first = Math.max(0, Math.min(tile.first, Math.floor(Math.max(rows.length - 1, 0) / size) * size));
    const visible = rows.slice(tile.first, tile.first + size);
    tile.heads.forEach((head, place) => {
      if (tile.order.place === place) head.setAttribute("aria-sort", tile.order.descending ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    tile.body.replaceChildren(...visible.map((row) => element("tr", {}, ...tile.definition.columns.map((column, place) => cell(tile, column, place, row)))));
    tile.element.querySelector(".empty").hidden = rows.length > 0;
    tile.element.querySelector(".scroll").hidden = rows.length === 0;
    tile.status.textContent = rows.length > size ? `${grouped(tile.first + 1, 0)} to ${grouped(tile.first + visible.length, 0)} of ${grouped(rows.length, 0)}` : plural(rows.length, "row");
    tile.back.hidden = tile.forth.hidden = rows.length <= size;
    tile.back.disabled = tile.first === 0;
    tile.forth.disabled = tile.first + size >= rows.length;
  }

  function cell(tile, column, place, row) {
    const value = row.values[place];
    const format = tile.formats[place];
    const text = formatted(value, format);
    const made = element("td", { className: NUMERIC.includes(format) ? "numeric" : text.length > 40 ? "long" : text.length < 28 ? "short" : "" });
    let content = text;
    if (format === "status" && value !== null) content = element("span", { className: "pill " + tone(value) }, text);
    if (column.link && value !== null) {
      const address = column.link.replace(/\{(\w+)\}/g, (_, field) => encodeURIComponent(shown(row.row[field])));
      content = element("a", { href: address }, content);
    }
    if (column.bar && typeof value === "number" && tile.largest[place]) {
      const bar = element("span", { className: "bar", "aria-hidden": "true" });
      bar.style.width = (100 * Math.abs(value)) / tile.largest[place] + "%";
      made.classList.add("with-bar");
      made.append(bar);
    }
    made.append(content);
    return made;
  }

  function download(tile) {
    const quote = (value) => {
      let text = value === null ? "" : String(value);
      // a spreadsheet would take it for a formula
      if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = "'" + text;
      return /[",\n\r]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
    };
    const lines = [tile.definition.columns.map((column) => column.title), ...tableContent(tile).map((row) => row.values)];
    const text = lines.map((line) => line.map(quote).join(",")).join("\r\n") + "\r\n";
    const address = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv;charset=utf-8" }));
    const name = tile.title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") + ".csv";
    const link = element("a", { href: address, download: name, hidden: true });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }

  // -- charts -------------------------------------------------------------------------------------------------------

  const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";
  // colours are those of the style sheet, so that dark mode and print need no drawing anew; a scale that blends needs real ones
  const CONFIG = {
    aria: false,
    background: "transparent",
    font: FONT,
    padding: 2,
    customFormatTypes: true,
    numberFormatType: "format_compact",
    tooltipFormat: { numberFormat: "", numberFormatType: "format_number" },
    view: { stroke: null, continuousHeight: 220 },
    mark: { tooltip: true, color: "var(--c1)" },
    bar: { cornerRadiusEnd: 2 },
    line: { strokeWidth: 2.25, strokeCap: "round", strokeJoin: "round" },
    area: { fillOpacity: 0.75 },
    point: { filled: true, size: 50 },
    rule: { color: "var(--quiet)" },
    text: { color: "var(--ink)", fontSize: 12 },
    axis: {
      labelColor: "var(--quiet)", titleColor: "var(--quiet)", gridColor: "var(--line)", domainColor: "var(--line)", tickColor: "var(--line)",
      labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal", labelPadding: 6, titlePadding: 8, labelLimit: 170, gridOpacity: 1, ticks: false, domain: false,
    },
    axisX: { grid: false, labelFlush: true },
    axisXTemporal: { labelOverlap: true },
    axisQuantitative: { tickCount: 5, grid: true, labelOverlap: true },
    legend: {
      labelColor: "var(--ink)", titleColor: "var(--quiet)", labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal", orient: "top",
      symbolType: "square", symbolSize: 90, labelLimit: 160, titleLimit: 200, columnPadding: 14, rowPadding: 4,
    },
    range: {
      category: ["var(--c1)", "var(--c2)", "var(--c3)", "var(--c4)", "var(--c5)", "var(--c6)", "var(--c7)", "var(--c8)", "var(--c9)", "var(--c10)"],
      heatmap: ["#dbe6ff", "#9fbcff", "#5f8bf0", "#2f5fd0", "#173b91"],
      ramp: ["#dbe6ff", "#9fbcff", "#5f8bf0", "#2f5fd0", "#173b91"],
      diverging: ["#c4532c", "#e8a98f", "#d9dce3", "#93b2ef", "#2557c5"],
    },
  };
  const FUNCTIONS = Object.fromEntries(NUMERIC.map((name) => ["format_" + name, (value) => formatted(value === null || value === "" ? null : Number(value), name).replace(".0%", "%")]));

  /* A date is the same day everywhere: midnight where the reader is. */
  function chartRows(tile) {
    const kinds = queries[tile.query].kinds;
    const dates = Object.keys(kinds).filter((name) => kinds[name] === "date");
    return rowsOf(tile).map((row) => {
      const copy = { ...row };
      for (const name of dates) {
        if (row[name] === null) continue;
        const [year, month, day] = row[name].split("-");
        copy[name] = new Date(year, month - 1, day);
      }
      return copy;
    });
  }

  async function drawChart(tile) {
    const rows = chartRows(tile);
    const place = tile.element.querySelector(".drawing");
    const details = tile.element.querySelector("details");
    tile.element.querySelector(".empty").hidden = rows.length > 0;
    place.hidden = details.hidden = rows.length === 0;
    if (!rows.length) return;
    if (tile.view) {
      // hidden charts have no width
      await tile.view.data("rows", rows).resize().runAsync();
    } else {
      const definition = tile.definition;
      const spec = {
        ...definition.spec,
        width: "container",
        height: definition.height || 260,
        autosize: { type: "fit", contains: "padding", resize: true },
        datasets: { rows },
      };
      place.style.minHeight = spec.height + "px";
      place.setAttribute("role", "img");
      place.setAttribute("aria-label", tile.title + ". " + tile.element.querySelector(".note").textContent + " The numbers follow as a table.");
      // Vega gives its own element a role; to a reader the chart is one picture, and the numbers are in the table
      const inner = element("div", { ariaHidden: "true" });
      place.replaceChildren(inner);
      const made = await vegaEmbed(inner, spec, {
        ast: true,
        renderer: "svg",
        actions: false,
        defaultStyle: false,
        // as many words beside one another as there is room for; three at most, since paper is narrower than a screen
        config: { ...CONFIG, legend: { ...CONFIG.legend, columns: Math.min(3, Math.max(1, Math.floor((place.clientWidth - 80) / 110))) } },
        expressionFunctions: FUNCTIONS,
        tooltip: { theme: "site", disableDefaultStyle: true },
        logLevel: 1,
      });
      tile.view = made.view;
      if (!performance.getEntriesByName("first-chart").length) performance.mark("first-chart");
    }
    if (details.open) listChart(tile);
  }

  /* Name of a channel's value in the data that Vega draws. */
  function keyOf(channel) {
    if (channel.aggregate === "count") return "__count";
    let key = channel.field;
    if (channel.timeUnit) key = (typeof channel.timeUnit === "string" ? channel.timeUnit : channel.timeUnit.unit) + "_" + key;
    if (channel.aggregate && typeof channel.aggregate === "string") key = channel.aggregate + "_" + key;
    return key;
  }

  /* The numbers of a chart: the channels of each layer, and the data that its marks were drawn from. */
  function listChart(tile) {
    const spec = tile.definition.spec;
    const place = tile.element.querySelector(".scroll");
    const items = [];
    const seen = new Set();
    (function walk(item) {
      if (item.marktype && item.role !== "mark" && item.role !== "frame" && item.role !== "scope" && item.marktype !== "group") return;
      for (const each of item.items || []) {
        if (each.datum && !each.items && item.role === "mark" && !seen.has(each.datum)) {
          seen.add(each.datum);
          items.push(each.datum);
        }
        walk(each);
      }
    })(tile.view.scenegraph().root);
    const columns = new Map();
    for (const layer of spec.layer || [spec]) {
      const encoding = { ...spec.encoding, ...layer.encoding };
      for (const [name, channel] of Object.entries(encoding)) {
        for (const each of Array.isArray(channel) ? channel : [channel]) {
          if (!each || !(each.field || each.aggregate) || ["order", "opacity", "size"].includes(name)) continue;
          if (!columns.has(keyOf(each)) || name === "tooltip") columns.set(keyOf(each), each);
        }
      }
    }
    const found = [...columns].filter(([key]) => items.some((item) => item[key] !== undefined));
    const heads = found.map(([, channel]) => channel.title || (channel.axis && channel.axis.title) || words(channel.field || "Number"));
    const lines = new Map();
    for (const item of items) {
      const line = found.map(([key, channel]) => listed(item[key], channel));
      lines.set(line.join("\u0000"), line);
    }
    place.replaceChildren(
      element("table", {},
        element("caption", { className: "visually-hidden" }, tile.title),
        element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, head)))),
        element("tbody", {}, ...[...lines.values()].map((line) => element("tr", {}, ...line.map((text) => element("td", {}, text))))),
      ),
    );
  }

  function listed(value, channel) {
    const format = String(channel.formatType || (channel.axis && channel.axis.formatType) || "").replace("format_", "");
    if (FORMATS[format]) return formatted(value === undefined ? null : value, format === "money" ? "money_exact" : format);
    if (channel.type === "temporal" || channel.timeUnit) {
      const day = new Date(value);
      if (value === null || value === undefined || Number.isNaN(day.getTime())) return "\u2013";
      const text = `${day.getFullYear()}-${String(day.getMonth() + 1).padStart(2, "0")}-${String(day.getDate()).padStart(2, "0")}`;
      return String(channel.timeUnit).startsWith("yearmonth") && !String(channel.timeUnit).includes("date") ? FORMATS.month(text) : FORMATS.date(text);
    }
    if (typeof value === "number") return value.toLocaleString("en-US", { maximumFractionDigits: 2 });
    return formatted(value === undefined ? null : value, "text");
  }

  // -- all of it ----------------------------------------------------------------------------------------------------

  const tiles = page.tiles.map((tile) => ({ ...tile, element: document.getElementById(tile.id) }));
  let drawing = Promise.resolve();
  let drawings = 0;

  function failed(tile, error) {
    const text = "This tile could not be drawn: " + (error && error.message ? error.message : error);
    tile.element.querySelector(".drawing, .scroll, .change").replaceChildren(element("p", { className: "box fault", role: "alert" }, text));
    // for whoever looks at the console
    console.error(tile.title, error);
  }

  const LONG_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

  function drawAsOf() {
    if (!page.as_of) return;
    const day = measured(filtered(queries[page.as_of.query]), { max: page.as_of.field });
    if (!day) return;
    const place = document.getElementById("as-of");
    const [year, month, number] = day.split("-");
    place.dateTime = day;
    place.textContent = `${Number(number)} ${LONG_MONTHS[month - 1]} ${year}`;
  }

  function redraw() {
    drawAsOf();
    for (const tile of tiles) {
      try {
        if (tile.kind === "kpi") drawKpi(tile);
        if (tile.kind === "table") {
          tile.first = 0;
          drawTable(tile);
        }
      } catch (error) {
        failed(tile, error);
      }
    }
    const number = ++drawings;
    delete document.documentElement.dataset.drawn;
    // one after the other, so that what is at the top stands first and the page answers in between
    drawing = drawing.then(async () => {
      for (const tile of tiles.filter((each) => each.kind === "chart")) {
        // somebody has chosen again
        if (number !== drawings) return;
        try {
          await drawChart(tile);
        } catch (error) {
          failed(tile, error);
        }
        await new Promise((resolve) => setTimeout(resolve));
      }
      if (number === drawings) document.documentElement.dataset.drawn = "true";
    });
    return drawing;
  }

  for (const tile of tiles) {
    if (tile.kind === "table") prepareTable(tile);
    if (tile.kind === "chart") tile.element.querySelector("details").addEventListener("toggle", () => tile.view && listChart(tile));
  }
  redraw();
})();
