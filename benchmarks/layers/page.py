"""The page docs/models.md: a row for each layer, a column for each way a model is brought."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

from benchmarks.layers.case import Case
from benchmarks.layers.outcome import Answer, Cell

_PAGE = Path(__file__).with_name("models_page.md")
_PLACES = re.compile(r"'[^']*'|\d+")


class _Notes:
    """Sentences, each with a number; those that differ in names and numbers alone count as one."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self.texts: list[str] = []

    def number(self, answer: Answer) -> str:
        """A link to the sentence of an answer."""
        text = " ".join(f"{answer.text}{'. ' if answer.hint else ''}{answer.hint}".split())
        key = _PLACES.sub("", text)
        if key not in self._numbers:
            self._numbers[key] = len(self._numbers) + 1
            self.texts.append(text)
        return f"[{self._numbers[key]}]"


def page(rows: Sequence[Case], columns: Sequence[str], cells: Sequence[Cell]) -> str:
    """The whole page.

    Args:
        rows: All cases, in order.
        columns: All columns, in order.
        cells: Those that were filled.
    """
    known = {(cell.row, cell.column): cell for cell in cells}
    notes, tables = _Notes(), ""
    for group, members in groupby(rows, key=lambda row: row.group):
        tables += f"\n## {group}\n\n{_table(list(members), columns, known, notes)}"
    listed = "\n".join(f"{n}. {_escaped(text)}" for n, text in enumerate(notes.texts, start=1))
    summary = _summary(rows, columns, known)
    text = _PAGE.read_text(encoding="utf-8")
    return text.format(summary=summary, tables=tables, sentences=listed)


_Known = Mapping[tuple[str, str], Cell]


def _summary(rows: Sequence[Case], columns: Sequence[str], known: _Known) -> str:
    lines = ["| | exact | refused | no such layer | not made | not run | compresses |",
             "|---|---|---|---|---|---|---|"]  # fmt: skip
    for column in columns:
        found = [known.get((row.name, column)) for row in rows]
        kinds = Counter("not run" if cell is None else cell.made.kind for cell in found)
        recipes = [cell.compressed for cell in found if cell is not None and cell.compressed]
        through = sum(answer.kind == "exact" for answer in recipes)
        names = ("exact", "refused", "absent", "unmade", "not run")
        counts = " | ".join(str(kinds[name]) for name in names)
        lines.append(
            f"| {column} | {counts} | {f'{through} of {len(recipes)}' if recipes else ''} |"
        )
    commits = sorted({cell.commit for cell in known.values()})
    return "\n".join(lines) + f"\n\nProduct at commit {', '.join(commits)}.\n"


def _table(rows: Sequence[Case], columns: Sequence[str], known: _Known, notes: _Notes) -> str:
    lines = [f"| layer | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for row in rows:
        words = [_words(known.get((row.name, column)), notes) for column in columns]
        lines.append(f"| {row.name} | {' | '.join(words)} |")
    return "\n".join(lines) + "\n"


def _words(cell: Cell | None, notes: _Notes) -> str:
    if cell is None:
        return "not run"
    made = cell.made
    if made.kind == "absent":
        return "–"
    if made.kind == "exact":
        word = "exact" if cell.runtime == "tflm" else f"exact, {cell.runtime}"
    else:
        name = {"refused": "refused", "unmade": "not made", "wrong": "**wrong**"}[made.kind]
        word = f"{name} {notes.number(made)}"
    if cell.compressed is None:
        return word
    if cell.compressed.kind == "exact":
        return f"{word}; compresses"
    return f"{word}; recipe refused {notes.number(cell.compressed)}"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "\\<").replace("*", "\\*")
