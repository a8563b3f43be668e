"""Calibrator ``auto``: the ranges whose int8 file has the least error in its outputs.

All calibrators propose. The file of the one that does best is taken, and then every range in turn
is tried as the next two have it: what makes the error less stays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from tinycompress.artifacts import ExactTo
from tinycompress.calibrators.base import Range
from tinycompress.conversion.calibrate import Samples, choose
from tinycompress.conversion.frozen import FrozenGraph
from tinycompress.conversion.observing import FloatRun
from tinycompress.conversion.ranges import Shared
from tinycompress.ir.quantize import dequantize, quantize
from tinycompress.oracle import Oracle

SAMPLES = 48
"""At most so many of the calibration samples are run for every trial."""
_MIXED = 3
"""Of so many calibrators, the best as a whole, ranges are mixed."""
_LEAST_GAIN = 1e-3
"""Share of the error that a change must save: less is chance."""

Ranges = Mapping[Shared, Range]
Error = Callable[[Ranges], float]


@dataclass(frozen=True)
class Found:
    """The ranges that are best, and how they came about, in a sentence."""

    ranges: Ranges
    notes: tuple[str, ...]


def best_ranges(proposals: Mapping[str, Ranges], error: Error) -> Found:
    """Choose among what calibrators propose, as a whole and then range by range.

    Args:
        proposals: By calibrator, all of the same tensors.
        error: Of the outputs of the file with some ranges; lower is better.
    """
    whole = {name: error(ranges) for name, ranges in proposals.items()}
    first, *others = sorted(whole, key=lambda name: whole[name])[:_MIXED]
    ranges, least = dict(proposals[first]), whole[first]
    taken = dict.fromkeys(ranges, first)
    for one in ranges:
        tried = {ranges[one]}
        for name in others:
            proposed = proposals[name][one]
            if proposed in tried:
                continue
            tried.add(proposed)
            now = error({**ranges, one: proposed})
            if now < least * (1.0 - _LEAST_GAIN):
                ranges[one], taken[one], least = proposed, name, now
    counted = ", ".join(f"{name} {count}" for name, count in Counter(taken.values()).items())
    return Found(
        ranges,
        (f"ranges chosen by the error of the outputs, {_db(least)}: {counted}",),
    )


def _db(error: float) -> str:
    return f"{-10 * np.log10(max(error, 1e-30)):.1f} dB below their power"


def output_error(
    calibrated: bytes, frozen: FrozenGraph, samples: Samples, exact_to: ExactTo
) -> Callable[[bytes], float]:
    """What measures the error of an int8 file on some of the calibration samples.

    Returns:
        A function of the file: the power of the difference to the float outputs over theirs, the
        mean over the outputs.
    """
    drawn = choose(samples, SAMPLES, seed=0)
    run = FloatRun(calibrated)
    wanted = []
    for sample in zip(*frozen.typed(drawn.inputs), strict=True):
        run.run(sample)
        wanted.append([run.tensor(index).reshape(-1).astype(np.float64) for index in run.outputs])
    powers = [sum(float(np.sum(one**2)) for one in column) for column in zip(*wanted, strict=True)]

    def of_file(tflite: bytes) -> float:
        noise = [0.0] * len(powers)
        oracle = Oracle(tflite, exact_to)
        try:
            for row, sample in zip(wanted, zip(*drawn.inputs, strict=True), strict=True):
                stored = [
                    quantize(values.reshape(spec.shape), spec)
                    for values, spec in zip(sample, oracle.inputs, strict=True)
                ]
                outputs = oracle.run(*stored)
                for place, (output, spec) in enumerate(zip(outputs, oracle.outputs, strict=True)):
                    real = dequantize(output, spec).reshape(-1)
                    noise[place] += float(np.sum((row[place] - real) ** 2))
        finally:
            oracle.close()
        return float(np.mean(np.array(noise) / np.maximum(powers, 1e-30)))

    return of_file
