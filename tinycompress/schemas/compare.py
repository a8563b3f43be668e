"""``compare --json``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tinycompress.schemas.base import Count, Output, Part, Sha256


class Side(Part):
    """Whose figures one side has."""

    path: str
    model_sha256: Sha256 | None
    facts: dict[str, str]
    """Board, engine, compiler and so on, as far as they are told."""


class Value(Part):
    """One figure of one side; of runs, their median, least and greatest."""

    value: float
    min: float | None
    max: float | None
    runs: Count | None
    obtained: str
    """measured, emulated, unknown, linked, counted, compared or estimated: docs/comparing.md."""


class Difference(Part):
    """One figure of both sides."""

    name: str
    label: str
    unit: Literal["bytes", "us", "share", "score", "yes or no"] | None
    better: Literal["lower", "higher"]
    part: bool
    """Whether it is a part of another figure."""
    a: Value | None
    b: Value | None
    difference: float | None
    """B less A."""
    relative: float | None
    """The same as a share of A; null for shares, scores and truths."""
    significant: bool | None
    """Whether it is more than the runs differ by; null where nothing tells."""
    verdict: Literal[
        "equal", "better", "worse", "within_spread", "other_way", "only_a", "only_b"
    ]  # fmt: skip


class Row(Part):
    """A layer, or a stage of a compression; null for the side that does not have it."""

    name: str
    number: Count
    """Counts rows of the same name."""
    kind_a: str | None
    kind_b: str | None
    figures: list[Difference]


class Regression(Part):
    """A figure that got worse beyond the limit."""

    row: str | None
    """The layer; null for the whole."""
    figure: str
    message: str


class CompareAnswer(Output):
    """Two results beside each other, B against A."""

    schema_: Literal["tinycompress.compare"] = Field(alias="schema")
    kind: Literal["bench", "build", "compress"]
    a: Side
    b: Side
    same_model: bool
    max_regression: float | None
    """A share; null where nothing is held to a limit."""
    parts: bool
    figures: list[Difference]
    rows: list[Row]
    regressions: list[Regression]
    notes: list[str]
