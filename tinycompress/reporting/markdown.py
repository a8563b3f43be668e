"""Markdown for pull requests: what fits into a comment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tinycompress._console.markdown import escaped, table
from tinycompress._version import __version__
from tinycompress.reporting.charts.layer_bars import costs
from tinycompress.reporting.facts import RATE_COLUMNS, comparison_rows, facts, stage_rates
from tinycompress.reporting.page import title
from tinycompress.reporting.subjects import Subject
from tinycompress.reporting.verdict import answers, sentence
from tinycompress.reporting.words import (
    clean,
    count,
    decibels,
    duration,
    plain,
    share,
    short_name,
    size,
)

_MOST_LAYERS = 12


def markdown(subjects: Sequence[Subject], command: str) -> str:
    """The report as GitHub's Markdown.

    Args:
        subjects: What it is of, at least one.
        command: What makes it again.
    """
    lines = [f"## {escaped(title(subjects))}", ""]
    if len(subjects) > 1:
        labels = [one.label for one in subjects]
        rows = [(name, *cells) for name, cells in comparison_rows(subjects)]
        lines += [*_table(("figure", *labels), rows), ""]
    for one in subjects:
        lines += _subject(one, alone=len(subjects) == 1)
    lines += [f"<sub>tinycompress {__version__}: {_code(command)}</sub>", ""]
    return "\n".join(lines)


def _code(text: str) -> str:
    ticks = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{pad}{plain(text)}{pad}{ticks}"


def _subject(subject: Subject, *, alone: bool) -> list[str]:
    lines = [] if alone else [f"### {escaped(subject.label)}", ""]
    told = sentence(subject)
    lines += [escaped(told), ""] if told else []
    rows = [(one.question, one.short, one.detail, one.how) for one in answers(subject)]
    lines += [*table(("", "verdict", "of what", "how got"), rows, right=(1,)).splitlines(), ""]
    lines += _memory(subject) + _layers(subject) + _stages(subject) + _sources(subject)
    return lines


def _memory(subject: Subject) -> list[str]:
    rows = [
        (f"{memory.name}: {part.name}", size(part.size_bytes),
         share(part.size_bytes / memory.total_bytes) if memory.total_bytes else "–")
        for memory in subject.memories
        for part in memory.parts
    ]  # fmt: skip
    return _folded("Flash and RAM", _table(("", "bytes", "share"), rows)) if rows else []


def _layers(subject: Subject) -> list[str]:
    unit, values = costs(subject.layers)
    known = [value for value in values if value is not None]
    if not known:
        return []
    order = sorted(zip(subject.layers, values, strict=True), key=lambda pair: -(pair[1] or 0))
    errors = subject.agreement is not None
    rows = [
        (
            short_name(layer.name), layer.op, count(layer.macs), count(value),
            share((value or 0) / sum(known)) if sum(known) else "–",
            *([decibels(layer.snr_db, equal=layer.snr_equal)] if errors else []),
        )
        for layer, value in order[:_MOST_LAYERS]
    ]  # fmt: skip
    columns = ("layer", "operator", "MACs", unit, "share", *(["error"] if errors else []))
    of = f"the dearest {len(rows)} of {len(order)} layers" if len(order) > len(rows) else "layers"
    return _folded(f"Where the time goes: {of}", _table(columns, rows))


def _stages(subject: Subject) -> list[str]:
    if not subject.stages:
        return []
    rows = [
        (clean(stage.name), stage.score(stage.float_accuracy), stage.score(stage.accuracy),
         size(stage.tflite_bytes), size(stage.flash_bytes) if stage.fits else "does not fit",
         duration(stage.latency_us), *stage_rates(stage))
        for stage in subject.stages
    ]  # fmt: skip
    columns = ("stage", "float", "integer", ".tflite", "flash", "latency", *RATE_COLUMNS)
    return [*_table(columns, rows), ""]


def _sources(subject: Subject) -> list[str]:
    source = subject.provenance
    lines = [f"- {escaped(name)}: {word}, {escaped(how)}" for name, word, how in source.figures]
    lines += [f"- {escaped(name)}: {_code(value)}" for name, value in source.hashes]
    lines += [f"- {escaped(name)} {escaped(text)}" for name, text in facts(subject)]
    lines += [f"- {_code(one)}" for one in source.commands]
    return _folded("Where figures come from", lines)


def _folded(summary: str, lines: Iterable[str]) -> list[str]:
    return ["<details>", f"<summary>{summary}</summary>", "", *lines, "", "</details>", ""]


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The first column is text, the others are figures."""
    cells = [tuple(row) for row in rows]
    return table(columns, cells, right=range(1, len(columns))).splitlines()
