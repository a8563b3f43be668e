"""Int8 files whose activations have the ranges that a calibrator chose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from tinycompress.artifacts import ExactTo
from tinycompress.calibrators.base import Grid, Range
from tinycompress.calibrators.registry import AUTO, CALIBRATORS
from tinycompress.conversion.best_ranges import best_ranges, output_error
from tinycompress.conversion.calibrate import Samples
from tinycompress.conversion.files.pointwise import (
    Pointwise,
    may_have_functions,
    with_placeholders,
    with_tables,
)
from tinycompress.conversion.frozen import FrozenGraph
from tinycompress.conversion.observing import observe
from tinycompress.conversion.quantize import quantized, to_calibrated
from tinycompress.conversion.ranges import Shared, require_ranges, shared_ranges, with_ranges


@dataclass(frozen=True)
class Calibration:
    """How the ranges of an int8 file are chosen.

    Attributes:
        calibrator: A name of `calibrators.registry.calibrator_names`.
        symmetric: Whether every zero point is 0, except where an operator fixes it.
        exact_to: Whose arithmetic ``auto`` counts the error of the outputs with.
    """

    calibrator: str
    symmetric: bool = False
    exact_to: ExactTo = "tflm"


def calibrated_integers(
    frozen: FrozenGraph,
    samples: Samples,
    calibration: Calibration,
    *,
    per_channel_dense: bool,
    per_tensor_weights: bool,
) -> tuple[bytes, tuple[str, ...]]:
    """Convert a float graph to an int8 file with chosen ranges.

    Args:
        frozen: The model.
        samples: What its ranges are chosen by.
        calibration: How.
        per_channel_dense: As in `quantize.to_integers`.
        per_tensor_weights: As in `quantize.to_integers`.

    Returns:
        The file, and what to tell of it.

    Raises:
        ModelError: TensorFlow cannot quantise the model, or not with these ranges.
    """
    calibrated = to_calibrated(frozen, samples)
    quantize = partial(
        quantized, per_channel_dense=per_channel_dense, per_tensor_weights=per_tensor_weights
    )
    file, functions = calibrated, tuple[Pointwise, ...]()
    if may_have_functions(frozen):
        file, functions = with_placeholders(calibrated, calibration.exact_to)
    observed = observe(calibrated, frozen, samples, shared_ranges(file, quantize))
    grid = Grid(calibration.symmetric)
    proposals = {
        name: {one: of(seen, grid) for one, seen in observed.items()}
        for name, of in CALIBRATORS.items()
        if calibration.calibrator in (name, AUTO)
    }

    def made(ranges: Mapping[Shared, Range]) -> bytes:
        tflite = with_tables(quantize(with_ranges(file, ranges)), functions)
        require_ranges(tflite, ranges)
        return tflite

    if calibration.calibrator != AUTO:
        return made(proposals[calibration.calibrator]), ()
    error = output_error(calibrated, frozen, samples, calibration.exact_to)
    found = best_ranges(proposals, lambda ranges: error(made(ranges)))
    return made(found.ranges), found.notes
