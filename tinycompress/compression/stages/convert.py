"""Stage ``convert``: how the int8 file is made, after this recipe's every stage."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tinycompress.compression.stages.base import StageSpec
from tinycompress.compression.stages.options import StageOptions


class Convert(StageOptions):
    """How the int8 file is made after every stage: which samples set the ranges."""

    kind: Literal["convert"] = "convert"
    calibration_samples: Annotated[int, Field(ge=1, le=100_000)] = 500
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 0
    balance_classes: bool = True


SPEC = StageSpec(
    Convert,
    summary="sets how the int8 files are made, after every stage",
    run=None,
    last="convert must be the last stage",
)
