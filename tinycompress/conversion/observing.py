"""What the tensors of a calibrated float file hold on the calibration samples.

The extreme values that the converter wrote into the file are not taken: it looks at the inputs of
an operator after its run, when an ADD may have written its output over them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress.calibrators.base import BINS, Observed
from tinycompress.conversion.calibrate import Samples
from tinycompress.conversion.frozen import FrozenGraph
from tinycompress.conversion.ranges import Shared

Array = npt.NDArray[Any]


class FloatRun:
    """Runs a float file, and tells what any of its tensors holds."""

    def __init__(self, calibrated: bytes) -> None:
        """Load the file into LiteRT, whose kernels need not be the exact ones here."""
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        self._interpreter = Interpreter(
            model_content=calibrated,
            num_threads=1,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
            experimental_preserve_all_tensors=True,
        )
        self._interpreter.allocate_tensors()
        self._inputs = [one["index"] for one in self._interpreter.get_input_details()]
        self.outputs = [one["index"] for one in self._interpreter.get_output_details()]

    def run(self, sample: Sequence[Array]) -> None:
        """One inference; ``sample`` has one array per input, without the batch."""
        for index, values in zip(self._inputs, sample, strict=True):
            self._interpreter.set_tensor(index, values[np.newaxis])
        self._interpreter.invoke()

    def tensor(self, index: int) -> Array:
        """What a tensor held in the last inference."""
        values: Array = self._interpreter.get_tensor(index)
        return values


def observe(
    calibrated: bytes, frozen: FrozenGraph, samples: Samples, shared: Sequence[Shared]
) -> dict[Shared, Observed]:
    """The histogram of all tensors of every range, except those that are always zero.

    Args:
        calibrated: The float file.
        frozen: What it was made from: it knows the types of the inputs.
        samples: Those that it was calibrated with.
        shared: Which tensors go together.
    """
    run = FloatRun(calibrated)
    lows, highs = dict.fromkeys(shared, np.inf), dict.fromkeys(shared, -np.inf)
    for one, values in _values(run, frozen, samples, shared):
        lows[one] = min(lows[one], float(values.min()))
        highs[one] = max(highs[one], float(values.max()))
    # A tensor that is constant has a histogram, too: from zero to its value.
    ends = {one: (min(lows[one], 0.0), max(highs[one], 0.0)) for one in shared}
    ends = {
        one: (lows[one], highs[one]) if lows[one] < highs[one] else found
        for one, found in ends.items()
        if found[0] < found[1]
    }
    counts = {one: np.zeros(BINS, np.int64) for one in ends}
    zeros = dict.fromkeys(ends, 0)
    for one, values in _values(run, frozen, samples, tuple(ends)):
        some = values[values != 0]
        zeros[one] += values.size - some.size
        counts[one] += _histogram(some, *ends[one])
    return {one: Observed(*ends[one], counts[one], zeros[one]) for one in ends}


def _values(
    run: FloatRun, frozen: FrozenGraph, samples: Samples, shared: Sequence[Shared]
) -> Iterator[tuple[Shared, Array]]:
    """Flat values of every tensor, sample by sample."""
    for sample in zip(*frozen.typed(samples.inputs), strict=True):
        run.run(sample)
        for one in shared:
            for index in one.tensors:
                yield one, run.tensor(index).reshape(-1)


def _histogram(values: Array, low: float, high: float) -> Array:
    where = (values.astype(np.float64) - low) * (BINS / (high - low))
    return np.bincount(np.clip(where, 0, BINS - 1).astype(np.int64), minlength=BINS)
