"""What ``report`` prints, and what a bundle holds for it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tinycompress.schemas.base import Count, Output, Part, Sealed
from tinycompress.schemas.build import BuildLayer


class ReportAnswer(Output):
    """``report``: where it lies."""

    schema_: Literal["tinycompress.report"] = Field(alias="schema")
    format: Literal["html", "md", "model-explorer"]
    results: list[str]
    """What the results are called in it."""
    files: list[str]
    text: str | None
    """Markdown that was not asked for as a file; null elsewhere."""


class BoardFacts(Part):
    """A board: what figures are to be held against."""

    id: str
    name: str
    core: str
    clock_hz: Count
    flash_bytes: Count
    ram_bytes: Count


class PlannedBuffer(Part):
    """Bytes of the arena, and the layers for which they are in use; -1 is before the first."""

    name: str
    kind: Literal["input", "output", "activation", "state", "scratch"]
    offset_bytes: Count
    size_bytes: Count
    first_layer: int
    last_layer: int


class Plan(Part):
    """What lies where in the arena."""

    peak_layer: Count
    lower_bound_bytes: Count
    buffers: list[PlannedBuffer]


class DetailedLayer(BuildLayer):
    """One operator, with the name that the model file gives its output."""

    output: str


class BenchDetails(Sealed):
    """``details.json`` of a bundle: what people want to know beside figures."""

    schema_: Literal["tinycompress.bench.details"] = Field(alias="schema")
    model_name: str
    board: BoardFacts | None
    commands: list[list[str]]
    """Their words: what builds the firmware again, and what measures it."""
    arena_bytes: Count
    plan: Plan | None
    """Null where the runtime decides."""
    layers: list[DetailedLayer]
