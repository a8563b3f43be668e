"""The page: one HTML file that needs nothing else, and runs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tinycompress._version import __version__
from tinycompress.reporting import words
from tinycompress.reporting.charts.beside import beside
from tinycompress.reporting.charts.canvas import Drawing
from tinycompress.reporting.facts import comparison_rows, facts
from tinycompress.reporting.sections import sections
from tinycompress.reporting.subjects import Subject
from tinycompress.reporting.verdict import Answer, answers, sentence

MOST_BYTES = 2 * 1024 * 1024
"""What a page may take."""


@dataclass(frozen=True)
class Head:
    """What stands at the top for one result."""

    subject: Subject
    answers: tuple[Answer, ...]
    sentence: str
    facts: tuple[tuple[str, str], ...]


def page(subjects: Sequence[Subject], command: str) -> str:
    """The report as HTML.

    Args:
        subjects: What it is of, at least one.
        command: What makes the page again.
    """
    heads = [Head(one, answers(one), sentence(one), facts(one)) for one in subjects]
    # The names of all that is shown come from models: no text reaches the page unescaped.
    environment = Environment(
        loader=PackageLoader("tinycompress.reporting"), autoescape=True,
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["clean"] = words.clean
    environment.filters["plain"] = words.plain
    css = resources.files("tinycompress.reporting").joinpath("templates/report.css")
    return environment.get_template("page.html.j2").render(
        title=title(subjects),
        heads=heads,
        rows=comparison_rows(subjects) if len(subjects) > 1 else (),
        overview=_overview(subjects),
        sections=sections(subjects),
        css=Markup(css.read_text(encoding="utf-8")),
        version=__version__,
        command=command,
    )


def title(subjects: Sequence[Subject]) -> str:
    """What a report is of."""
    if len(subjects) == 1:
        return words.clean(subjects[0].label)
    return f"{len(subjects)} results side by side"


def _overview(subjects: Sequence[Subject]) -> tuple[Drawing, ...]:
    """Bars of all results, of figures that at least two of them have."""
    if len(subjects) < 2:
        return ()
    labels = [one.label for one in subjects]
    latency = [_latency(one) for one in subjects]
    columns = (
        ("latency", "Latency of one inference", latency, words.duration),
        ("flash", "Flash, whole firmware", [_taken(one, "flash") for one in subjects], words.size),
        ("ram", "RAM, with the stack set aside", [_taken(one, "RAM") for one in subjects],
         words.size),
    )  # fmt: skip
    return tuple(
        beside(f"beside-{name}", told, labels, values, text)
        for name, told, values, text in columns
        if sum(value is not None for value in values) > 1
    )


def _latency(subject: Subject) -> float | None:
    if subject.latency_us is not None:
        return subject.latency_us.median
    if subject.best is not None:
        return subject.best.latency_us
    return subject.stages[-1].latency_us if subject.stages else None


def _taken(subject: Subject, name: str) -> float | None:
    """Bytes of a memory: of firmware, of the best candidate, or of the last stage."""
    for memory in subject.memories:
        if memory.name == name:
            return memory.total_bytes
    if subject.best is not None:
        return subject.best.flash_bytes if name == "flash" else subject.best.ram_bytes
    if not subject.stages:
        return None
    last = subject.stages[-1]
    return last.flash_bytes if name == "flash" else last.ram_reserved_bytes
