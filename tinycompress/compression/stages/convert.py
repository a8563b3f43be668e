"""Stage ``convert``: how the integer file is made, after every stage of the recipe."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tinycompress.artifacts import Activations
from tinycompress.compression.stages.base import StageSpec
from tinycompress.compression.stages.options import StageOptions


class Convert(StageOptions):
    """How the integer file is made after every stage: its type, and which samples set the ranges.

    ``activations`` are those of the file; its weights are int8 with either.
    """

    kind: Literal["convert"] = "convert"
    activations: Activations = "int8"
    calibration_samples: Annotated[int, Field(ge=1, le=100_000)] = 500
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 0
    balance_classes: bool = True


SPEC = StageSpec(
    Convert,
    summary="sets how the integer files are made, after every stage",
    run=None,
    last="convert must be the last stage",
)
