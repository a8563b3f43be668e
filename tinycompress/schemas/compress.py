"""``compress --json``, the report of its result directory, and ``recipes --json``."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from tinycompress.artifacts import Activations
from tinycompress.schemas.base import Count, Output, Part, Sealed, Sha256
from tinycompress.schemas.quality import Quality


class Kernel(Part):
    """How one layer's weights are stored after a stage."""

    layer: str
    weights: Count
    zeros: Count
    distinct: Count
    distinct_per_channel: Count


class StageRates(Part):
    """How many times less than before the first stage; null where no board was named, or one of the
    two does not fit it."""

    parameters: float
    """All parameters of the model before over those that are not zero now."""
    float32_bytes: float | None
    """Four bytes a parameter of the model before, over weights, biases and tables in flash."""
    int8_weights_bytes: float | None
    """Weights, biases and tables in flash of the plain integer file, over those of this one."""
    int8_flash_bytes: float | None
    """The same of the whole firmware."""
    speed_up: float | None
    """Modelled cycles of the plain integer file, over those of this one."""


class Stage(Part):
    """One stage; the first row is the model before compression."""

    index: Count
    stage: str
    float_accuracy: float
    """The mean of the outputs' scores, which ``quality`` names: of one, that score."""
    int8_accuracy: float
    """Of the integer file, whose activations may be int16."""
    parameters: Count
    nonzero_parameters: Count
    macs: Count
    tflite_bytes: Count
    tflite_sha256: Sha256
    kernels: list[Kernel]
    figures: dict[str, float]
    """Of its firmware, such as flash_bytes and latency_us; empty where no board was named."""
    notes: list[str]
    measured_on: str
    activations: Activations
    rates: StageRates | None = None
    """Compression rate α and speed-up δ; results of earlier versions have none."""
    quality: list[Quality] = Field(default_factory=list)
    """Of every output, of the integer file beside the float model of the stage."""


class CompressAnswer(Output):
    """The stages of a run. A run that ended early has no hash, recipe and size, but an error."""

    schema_: Literal["tinycompress.compress"] = Field(alias="schema")
    recipe: str | None
    directory: str | None
    tflite_bytes: Count | None
    rows: list[Stage]
    content_sha256: Sha256 | None = None


class CompressReport(Sealed):
    """``result/report.json``: the effective recipe, what it was run with, a row a stage."""

    schema_: Literal["tinycompress.compress.report"] = Field(alias="schema")
    tinycompress: str
    versions: dict[str, str]
    recipe: dict[str, Any]
    """As in a recipe file, defaults included: docs/compression.md."""
    rows: list[Stage] = Field(min_length=1)


class RecipesAnswer(Output):
    """The shipped recipes."""

    schema_: Literal["tinycompress.recipes"] = Field(alias="schema")
    recipes: list[dict[str, Any]]
    """As in a recipe file, with ``saves``: what each kind of stage saves on the device."""
