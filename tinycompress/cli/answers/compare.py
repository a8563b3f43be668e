"""What ``compare`` answers: a row a figure and a row a layer, as text, Markdown or JSON."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import click

from tinycompress._console import markdown as md
from tinycompress._console import printable, results_console
from tinycompress._console.fitted_table import Column, print_fitted
from tinycompress.cli.answers.common import schema
from tinycompress.cli.options import print_json
from tinycompress.measurement.differences import Difference, ResultComparison, Side
from tinycompress.measurement.differences.comparing import RowDifference
from tinycompress.measurement.differences.limits import regression_text
from tinycompress.measurement.differences.texts import (
    VERDICTS,
    absolute_text,
    label_text,
    relative_text,
    value_text,
)

_COLUMNS = (
    Column("figure", least=10),
    Column("A", right=True),
    Column("B", right=True),
    Column("difference", right=True),
    Column("%", right=True),
    Column("change"),
    Column("obtained", drop=1),
)
_WAYS = {
    "measured": "on a real board",
    "emulated": "by a virtual board or QEMU",
    "unknown": "by a counter of an unknown device",
    "linked": "read from the ELF",
    "counted": "counted",
    "compared": "compared",
    "estimated": "calculated",
}


def show_comparison(
    compared: ResultComparison, style: Literal["text", "md"], *, as_json: bool
) -> None:
    """Show two results beside each other."""
    if as_json:
        print_json(comparison_json(compared))
    elif style == "md":
        click.echo(markdown(compared), nl=False)
    else:
        _print(compared)


# --- for people -----------------------------------------------------------------------------------


def _print(compared: ResultComparison) -> None:
    console = results_console()
    for line in _heading(compared):
        console.print(printable(line), markup=False, soft_wrap=True)
    print_fitted(console, "Figures", _COLUMNS, [_cells(one) for one in compared.figures])
    title, columns, rows = _rows_table(compared)
    if rows:
        print_fitted(console, title, columns, rows)
    for line in (*_legend(compared), *_notes(compared)):
        console.print(printable(line), markup=False)


def _heading(compared: ResultComparison) -> Iterator[str]:
    for name, side in (("A", compared.a), ("B", compared.b)):
        yield f"{name}: {side.path}  ({_who(side)})"
    for name, a, b in compared.differing_facts:
        yield f"   {name}: {_short(a)} -> {_short(b)}"


def _short(fact: str) -> str:
    """Hashes by their beginning, as git shows them."""
    return fact[:12] if len(fact) >= 40 and fact.isalnum() else fact


def _who(side: Side) -> str:
    names = ("recipe", "board", "measured on", "machine", "engine")
    return ", ".join(side.facts[name] for name in names if name in side.facts)


def _cells(one: Difference) -> tuple[str, ...]:
    return (
        label_text(one.figure),
        value_text(one.a, unit=False),
        value_text(one.b, unit=False),
        absolute_text(one),
        relative_text(one),
        VERDICTS[one.verdict],
        _obtained(one),
    )


def _obtained(one: Difference) -> str:
    ways = [side.obtained for side in (one.a, one.b) if side is not None]
    return " / ".join(dict.fromkeys(ways))


def _rows_table(
    compared: ResultComparison,
) -> tuple[str, tuple[Column, ...], list[tuple[str, ...]]]:
    """Of each layer the figure that says most; of each stage accuracy and flash."""
    stages = compared.kind == "compress"
    rows = [
        (_row_name(row), _kind(row), *_cells(one)[1:6], label_text(one.figure).strip())
        for row in compared.rows
        for one in _shown(row, stages=stages)
    ]
    whose = list(dict.fromkeys(row[-1] for row in rows))
    columns: tuple[Column, ...] = (
        Column("stage" if stages else "layer", least=8),
        Column("op", least=8, drop=2),
        *_COLUMNS[1:6],
        Column("of"),
    )
    if len(whose) == 1:
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    return f"{'Stages' if stages else 'Layers'} ({', '.join(whose)})", columns, rows


def _shown(row: RowDifference, *, stages: bool) -> Iterator[Difference]:
    if not stages:
        yield from row.figures[:1]
        return
    wanted = ("int8_accuracy", "figures.flash_bytes", "figures.latency_us")
    yield from (one for one in row.figures if one.figure.name in wanted)


def _row_name(row: RowDifference) -> str:
    return row.name if row.number == 0 else f"{row.name} ({row.number + 1})"


def _kind(row: RowDifference) -> str:
    return " -> ".join(dict.fromkeys(kind for kind in (row.kind_a, row.kind_b) if kind))


def _legend(compared: ResultComparison) -> Iterator[str]:
    """How the figures were got, since a narrow table has no room for it."""
    ways: dict[str, list[str]] = {}
    for one in compared.figures:
        ways.setdefault(_obtained(one), []).append(one.figure.label.strip())
    for way, labels in ways.items():
        told = " / ".join(
            f"{each} ({_WAYS[each]})" if _WAYS.get(each, each) != each else each
            for each in way.split(" / ")
        )
        yield f"{told}: {', '.join(labels)}"
    verdicts = {one.verdict for one in compared.figures}
    if "within_spread" in verdicts:
        yield "spread: apart by less than the runs of one result are; no change"
    if "other_way" in verdicts:
        yield "?: got in two ways, so the difference is theirs; held to no limit"


def _notes(compared: ResultComparison) -> Iterator[str]:
    yield from (f"note: {note}" for note in compared.notes)
    if compared.limit is not None and not compared.regressions:
        what = "no figure" if compared.parts else "no total"
        yield f"{what} is worse by more than {100 * compared.limit:g} %"


# --- for pull requests ----------------------------------------------------------------------------


def markdown(compared: ResultComparison) -> str:
    """The same as Markdown, what got worse first; names show as they are."""
    parts = [_verdict_line(compared)]
    for name, side in (("A", compared.a), ("B", compared.b)):
        parts.append(f"- {name}: {md.escaped(f'{side.path} ({_who(side)})')}\n")
    parts += [
        f"- {md.escaped(f'{name}: {_short(a)} → {_short(b)}')}\n"
        for name, a, b in compared.differing_facts
    ]
    header = [column.name for column in _COLUMNS]
    cells = [[cell.strip() for cell in _cells(one)] for one in compared.figures]
    parts += ["\n", md.table(header, cells, right=(1, 2, 3, 4))]
    title, columns, rows = _rows_table(compared)
    if rows:
        names = [column.name for column in columns]
        body = md.table(names, rows, right=(2, 3, 4, 5))
        parts.append(f"\n<details><summary>{html.escape(title)}</summary>\n\n{body}\n</details>\n")
    lines = [*_legend(compared), *_notes(compared)]
    parts += ["\n", *(f"- {md.escaped(line)}\n" for line in lines)]
    return "".join(parts)


def _verdict_line(compared: ResultComparison) -> str:
    found = [regression_text(where, one) for where, one in compared.regressions]
    if found:
        listed = "".join(f"- {md.escaped(line)}\n" for line in found)
        return f"**Worse by more than {100 * (compared.limit or 0):g} %:**\n\n{listed}\n"
    changed = [one for one in compared.figures if one.verdict in ("better", "worse")]
    if not changed:
        same = {one.verdict for one in compared.figures} == {"equal"}
        return f"**{'Nothing changed.' if same else 'No figure got better or worse.'}**\n\n"
    told = ", ".join(
        f"{one.figure.label.strip()} {md.escaped(relative_text(one) or absolute_text(one))}"
        for one in _totals(changed)
    )
    return f"**{told or 'Only parts changed'}**\n\n"


def _totals(found: Sequence[Difference]) -> list[Difference]:
    return [one for one in found if not one.figure.part]


# --- for programs ---------------------------------------------------------------------------------


def comparison_json(compared: ResultComparison) -> dict[str, Any]:
    """The comparison, schema ``tinycompress.compare``."""
    return {
        **schema("compare"),
        "kind": compared.kind,
        "a": _side_json(compared.a),
        "b": _side_json(compared.b),
        "same_model": compared.same_model,
        "max_regression": compared.limit,
        "parts": compared.parts,
        "figures": [_difference_json(one) for one in compared.figures],
        "rows": [
            {
                "name": row.name,
                "number": row.number,
                "kind_a": row.kind_a,
                "kind_b": row.kind_b,
                "figures": [_difference_json(one) for one in row.figures],
            }
            for row in compared.rows
        ],
        "regressions": [
            {
                "row": where or None,
                "figure": one.figure.name,
                "message": regression_text(where, one),
            }
            for where, one in compared.regressions
        ],
        "notes": list(compared.notes),
    }


def _side_json(side: Side) -> dict[str, Any]:
    return {
        "path": str(side.path),
        "model_sha256": side.model_sha256,
        "facts": dict(side.facts),
    }


def _difference_json(one: Difference) -> dict[str, Any]:
    figure = one.figure
    return {
        "name": figure.name,
        "label": figure.label.strip(),
        "unit": figure.unit or None,
        "better": figure.better,
        "part": figure.part,
        "a": _value_json(one, "a"),
        "b": _value_json(one, "b"),
        "difference": one.absolute,
        "relative": one.relative,
        "significant": one.significant,
        "verdict": one.verdict,
    }


def _value_json(one: Difference, side: Literal["a", "b"]) -> dict[str, Any] | None:
    figure = one.a if side == "a" else one.b
    if figure is None:
        return None
    return {
        "value": figure.value,
        "min": figure.low,
        "max": figure.high,
        "runs": figure.runs,
        "obtained": figure.obtained,
    }
