"""Vega-Lite on the site: are the specs right, and the bundle that draws them."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

from retail.site.formats import CHART_FORMATS

# the newest that the bundle of vl-convert has; the schema is of 6.1, which 6.4 has not made narrower
VERSION = "6.4"
SCHEMA = Path(__file__).with_name("vega-lite-6.1.schema.json")
UNIT_KEYS = {"mark", "encoding", "transform", "params", "name", "description", "projection", "view"}
LAYER_KEYS = (UNIT_KEYS | {"layer", "resolve"}) - {"mark"}
# what the site sees to, so that a chart fits its tile, its filters and both colour schemes
OURS = {
    "data": "the rows of `query` are given to it",
    "datasets": "the rows of `query` are given to it",
    "width": "a tile has a `width` of its own",
    "height": "a tile has a `height` of its own",
    "config": "colours and fonts come with the site",
    "title": "a tile has a `title` of its own",
    "row": "small multiples do not fit a phone; use a tile each, or a layer",
    "column": "small multiples do not fit a phone; use a tile each, or a layer",
    "facet": "small multiples do not fit a phone; use a tile each, or a layer",
    **dict.fromkeys(("concat", "hconcat", "vconcat", "repeat", "spec"), "a tile holds one chart; use a tile each"),
}
# transforms that name columns outside `field` and `groupby`
NAMING = ("fold", "pivot", "value", "stack", "impute", "key", "density", "quantile", "regression", "loess", "on")
# formatType of Vega itself
VEGA_FORMATS = ("time", "utc")
GUIDES = ("axis", "legend", "header")
IN_EXPRESSION = re.compile(r"\bdatum(?:\.([A-Za-z_]\w*)|\[\s*['\"]([^'\"]+)['\"]\s*\])")
BUNDLE = "window.vegaEmbed = vegaEmbed;"


def faults(spec: dict[str, Any], columns: list[str], query: str) -> list[str]:
    """What is wrong with a spec: its form, a field that is no column of its query. Empty where Vega-Lite can draw it."""
    found = list(_form(spec, "spec")) or [*_fields(spec, columns, query), *_formats(spec, "spec")]
    if found:
        return found
    import vl_convert

    try:
        vl_convert.vegalite_to_vega(drawable(spec), vl_version=VERSION)
    except ValueError as error:
        return [f"spec: Vega-Lite refuses it: {str(error).strip().splitlines()[-1].strip()[:200]}"]
    return []


def drawable(spec: dict[str, Any]) -> dict[str, Any]:
    """The spec as the page hands it to Vega-Lite: with its data by name, and formats under the names of our functions."""

    def renamed(part: Any) -> Any:
        if isinstance(part, dict):
            return {
                key: f"format_{value}"
                if key in ("formatType", "labelFormatType") and value in CHART_FORMATS
                else renamed(value)
                for key, value in part.items()
            }
        return [renamed(each) for each in part] if isinstance(part, list) else part

    return {"data": {"name": "rows"}, "config": {"customFormatTypes": True}, **renamed(spec)}


def bundle(folder: Path) -> str:
    """Vega, Vega-Lite and Vega-Embed as one classic script, kept in `folder`: making it takes a second."""
    import vl_convert

    kept = folder / f"vega-{vl_convert.__version__}-{VERSION}.js"
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        new = kept.with_suffix(".new")
        text = vl_convert.javascript_bundle(BUNDLE, vl_version=VERSION)
        new.write_text(f"(function () {{\n{text}\n}})();\n", encoding="utf-8")
        new.replace(kept)
    return kept.read_text(encoding="utf-8")


@cache
def _schema() -> dict[str, Any]:
    return json.loads(SCHEMA.read_text(encoding="utf-8"))


@cache
def _validator(definition: str, channel: str = "") -> jsonschema.Draft7Validator:
    place = f"#/definitions/{definition}" + (f"/properties/{channel}" if channel else "")
    return jsonschema.Draft7Validator({**_schema(), "$ref": place})


def _form(spec: dict[str, Any], where: str) -> Iterator[str]:
    allowed = LAYER_KEYS if "layer" in spec else UNIT_KEYS
    for key in spec:
        if key in OURS:
            yield f"{where}: '{key}' has no place here: {OURS[key]}"
        elif key not in allowed and key != "$schema":
            yield f"{where}: '{key}' is nothing that Vega-Lite knows there (known: {', '.join(sorted(allowed))})"
    if "layer" in spec:
        layers = spec["layer"] if isinstance(spec["layer"], list) else []
        if not layers:
            yield f"{where}: 'layer' is a list of charts"
        for number, layer in enumerate(layers):
            here = f"{where}.layer[{number}]"
            yield from _form(layer, here) if isinstance(layer, dict) else [f"{here}: {layer!r} is no chart"]
    elif "mark" not in spec:
        yield f"{where}: 'mark' is missing (bar, line, area, point, rect, …)"
    else:
        yield from _judged(_validator("AnyMark"), spec["mark"], f"{where}.mark")
    for key, form, name in (("encoding", dict, "keys with values"), ("transform", list, "a list")):
        if not isinstance(spec.get(key, form()), form):
            yield f"{where}.{key}: {spec[key]!r} is not {name}"
            return
    channels = _schema()["definitions"]["Encoding"]["properties"]
    for channel, definition in spec.get("encoding", {}).items():
        if channel in OURS:
            yield f"{where}.encoding: '{channel}' has no place here: {OURS[channel]}"
        elif channel not in channels:
            yield f"{where}.encoding: '{channel}' is no channel of Vega-Lite (known: {', '.join(sorted(channels))})"
        else:
            yield from _judged(_validator("Encoding", channel), definition, f"{where}.encoding.{channel}")
    for number, transform in enumerate(spec.get("transform", [])):
        yield from _judged(_validator("Transform"), transform, f"{where}.transform[{number}]")


def _formats(part: Any, where: str) -> Iterator[str]:
    """Formats that the page has no function for: Vega would refuse the chart when it is opened."""
    for key, value in part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ():
        here = f"{where}[{key}]" if isinstance(key, int) else f"{where}.{key}"
        if key in ("formatType", "labelFormatType"):
            if value not in (*CHART_FORMATS, *VEGA_FORMATS):
                yield f"{here}: '{value}' is none of {', '.join((*CHART_FORMATS, *VEGA_FORMATS))}"
        else:
            yield from _formats(value, here)


def _judged(validator: jsonschema.Draft7Validator, value: Any, where: str) -> Iterator[str]:
    errors = list(validator.iter_errors(value))
    if errors:
        error = min(_leaves(errors), key=_rank)
        path = "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in error.absolute_path)
        yield f"{where}{path}: {_said(error)}"


def _leaves(errors: list[jsonschema.ValidationError]) -> Iterator[jsonschema.ValidationError]:
    """What is wrong at the bottom of each branch of an anyOf, but for those that are about something else (of another `type`)."""
    for error in errors:
        branches: dict[Any, list[jsonschema.ValidationError]] = {}
        for each in error.context or []:
            branches.setdefault(each.relative_schema_path[0], []).append(each)
        meant = [branch for branch in branches.values() if all(each.validator != "const" for each in branch)]
        for branch in meant:
            yield from _leaves(branch)
        if not meant:
            yield error


def _rank(error: jsonschema.ValidationError) -> tuple[int, int]:
    """A misspelt key or word says more than that the value is no number, and the deepest says most."""
    kinds = {"additionalProperties": 0, "enum": 1}
    few = len(str(error.message)) if error.validator == "additionalProperties" else 0
    return (-len(error.absolute_path), kinds.get(str(error.validator), 3 if not error.context else 4) * 10_000 + few)


def _said(error: jsonschema.ValidationError) -> str:
    known = ""
    if error.validator == "additionalProperties":
        known = f" (known: {', '.join(sorted(error.schema.get('properties', {})))})"
    return (error.message[:200] + known)[:600]


def _fields(spec: dict[str, Any], columns: list[str], query: str) -> Iterator[str]:
    made = set(_made(spec))
    if "*" in made:
        # the columns that a pivot makes are values of the data
        return
    for field, where in dict(_named(spec, "spec")).items():
        name = field.split(".")[0].replace("\\", "")
        if name not in made and name not in columns:
            yield f"{where}: field '{name}' is not a column of {query} (columns: {', '.join(columns)})"


def _made(part: Any) -> Iterator[str]:
    """Names that transforms give to what they make."""
    if isinstance(part, dict):
        made = part.get("as")
        yield from [made] if isinstance(made, str) else made or []
        yield from ("key", "value") if "fold" in part and not made else ()
        yield from ("value", "density") if "density" in part and not made else ()
        yield from "*" if "pivot" in part else ()
        for value in part.values():
            yield from _made(value)
    elif isinstance(part, list):
        for value in part:
            yield from _made(value)


def _named(part: Any, where: str, *, transform: bool = False) -> Iterator[tuple[str, str]]:
    """(name, where) of each field that a spec names."""
    if isinstance(part, list):
        for number, value in enumerate(part):
            yield from _named(value, f"{where}[{number}]", transform=transform)
    elif isinstance(part, str):
        for found in IN_EXPRESSION.finditer(part):
            yield found[1] or found[2], where
    elif isinstance(part, dict):
        for key, value in part.items():
            here = f"{where}.{key}"
            if key in GUIDES:
                # their expressions speak of labels and ticks
                continue
            names = [value] if isinstance(value, str) else value
            plain = isinstance(names, list) and all(isinstance(name, str) for name in names)
            if plain and (key in ("field", "groupby") or (transform and key in NAMING)):
                yield from ((name, here) for name in names)
            else:
                yield from _named(value, here, transform=transform or key == "transform")
