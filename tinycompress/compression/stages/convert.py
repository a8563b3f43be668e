"""Stage ``convert``: how the integer file is made, after every stage of the recipe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from tinycompress.artifacts import Activations
from tinycompress.calibrators.registry import PLAIN, calibrator_names
from tinycompress.compression.sensitivity.changes import INT8_BITS
from tinycompress.compression.stages.base import StageSpec, Table
from tinycompress.compression.stages.options import StageOptions


def _known(name: str) -> str:
    if name not in calibrator_names():
        raise ValueError(f"must be one of {', '.join(calibrator_names())}")
    return name


class Convert(StageOptions):
    """How the integer file is made after every stage: its type, and which samples set the ranges.

    ``activations`` are those of the file; its weights are int8 with either. ``calibrator`` sets the
    ranges of int8 activations, ``symmetric_activations`` their zero points to 0, and
    ``per_tensor_weights`` gives a convolution one scale in all.
    """

    kind: Literal["convert"] = "convert"
    activations: Activations = "int8"
    calibrator: Annotated[str, AfterValidator(_known)] = PLAIN
    symmetric_activations: bool = False
    per_tensor_weights: bool = False
    calibration_samples: Annotated[int, Field(ge=1, le=100_000)] = 500
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 0
    balance_classes: bool = True


def _conflict(tables: Sequence[Table], index: int) -> str:
    """What the file cannot be after the stages before."""
    table = tables[index]
    ranges = [
        key
        for key, plain in (("calibrator", PLAIN), ("symmetric_activations", False))
        if table.get(key, plain) != plain
    ]
    kinds = {stage.get("kind") for stage in tables[:index]}
    if ranges and table.get("activations") == "int16":
        return f"{ranges[0]}: for int8 activations; the steps of int16 are fine enough"
    if "qat" in kinds and (ranges or table.get("per_tensor_weights")):
        key = ranges[0] if ranges else "per_tensor_weights"
        return f"{key}: qat trains for scales of its own; leave it out, or qat"
    rows = [
        str(stage["kind"])
        for stage in tables[:index]
        if stage.get("kind") in ("cluster", "weight_bits")
        or (stage.get("kind") == "adaround" and stage.get("bits", INT8_BITS) != INT8_BITS)
    ]
    if rows and table.get("per_tensor_weights"):
        return f"per_tensor_weights: {rows[0]} fits its integers to a scale for every channel"
    return ""


SPEC = StageSpec(
    Convert,
    summary="sets how the integer files are made, after every stage",
    run=None,
    last="convert must be the last stage",
    conflict=_conflict,
)
