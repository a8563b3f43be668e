"""The stage of conversion that makes a stream of a window, and tries it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tinycompress.artifacts import ExactTo
from tinycompress.conversion.streaming.checking import require_equal
from tinycompress.conversion.streaming.slicing import one_step
from tinycompress.ir.quantize import quantize
from tinycompress.ir.reader import read_model
from tinycompress.ir.specs import input_specs


def stream_of(
    name: str, window: bytes, samples: Sequence[npt.NDArray[np.float32]], exact_to: ExactTo
) -> bytes:
    """The file that takes one time step per invocation, of one that takes a window of them.

    Args:
        name: What the model is called in messages.
        window: The int8 file.
        samples: Windows to try it on: an array of shape (n, time steps, ...) for each input.
        exact_to: On whose kernels it is tried.

    Raises:
        ModelError: Some layer needs more than the steps so far.
        MismatchError: The stream does not give the bytes of the window.
    """
    stream = one_step(window, name)
    specs = input_specs(read_model(window).main)
    stored = [quantize(values, spec) for spec, values in zip(specs, samples, strict=True)]
    require_equal(window, stream, stored, exact_to)
    return stream
