"""The least arena in which stock TFLM runs a model on this PC, found by trying.

Pointers of 64 bits make TFLM's own tables larger than on a 32-bit board, and its kernels here need
other scratch memory than CMSIS-NN's: a bound to plan with, no figure of a board.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress.errors import ModelError
from tinycompress.ir.reader import read_model
from tinycompress.ir.specs import input_specs
from tinycompress.oracle.process import WorkerError, acquire, release
from tinycompress.oracle.wire import describe

ALIGNMENT_BYTES = 16
_MAX_BYTES = 256 << 20
_TIMEOUT_S = 120.0


def host_arena_bytes(tflite: bytes, *, at_least: int = 0) -> int:
    """The least arena, a multiple of 16 bytes, in which the model allocates and runs once.

    Args:
        tflite: The whole ``.tflite`` file.
        at_least: Bytes below which nothing is tried; the activations that are live at once.

    Raises:
        ModelError: TFLM does not run the model in 256 MiB either.
    """
    # Zeros: whatever lies in the arena may be no index of what the model looks up.
    specs = input_specs(read_model(tflite).main)
    inputs = [np.zeros(spec.shape, spec.dtype) for spec in specs]
    reason = _refusal(tflite, inputs, _MAX_BYTES)
    if reason is not None:
        raise ModelError(
            f"TensorFlow Lite Micro does not run this model: {reason}",
            hint="see whether the AOT engine takes it: --engine aot",
        )

    def too_small(units: int) -> bool:
        return _refusal(tflite, inputs, units * ALIGNMENT_BYTES) is not None

    low, high = at_least // ALIGNMENT_BYTES, _MAX_BYTES // ALIGNMENT_BYTES
    # Most models need little more than their activations: look for an end of the search near them.
    step = 256
    while low + step < high and too_small(low + step):
        low, step = low + step, 2 * step
    high = min(high, low + step)
    while low < high:
        middle = (low + high) // 2
        if too_small(middle):
            low = middle + 1
        else:
            high = middle
    return high * ALIGNMENT_BYTES


def _refusal(tflite: bytes, inputs: Sequence[npt.NDArray[Any]], arena_bytes: int) -> str | None:
    """Why the model does not run in an arena; None if it does. Far too small a one crashes TFLM."""
    worker = acquire("tflm")
    try:
        worker.ask(
            {"command": "run in arena", "arena_bytes": arena_bytes, "arrays": describe(inputs)},
            [tflite, *(array.tobytes() for array in inputs)],
            _TIMEOUT_S,
        )
    except WorkerError as error:
        return str(error)
    finally:
        release(worker)
    return None
