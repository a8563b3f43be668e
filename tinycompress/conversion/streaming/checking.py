"""Whether a stream gives the bytes of the whole window, tried on the runtime's own kernels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress.artifacts import ExactTo
from tinycompress.errors import MismatchError
from tinycompress.oracle import Oracle

_WINDOWS = 4
_TIME = 1


def require_equal(
    window: bytes, stream: bytes, samples: Sequence[npt.NDArray[Any]], exact_to: ExactTo
) -> int:
    """Run some windows whole and step by step.

    Args:
        window: The file that takes a window.
        stream: The file that takes one step.
        samples: Stored values of the inputs, one array of shape (n, time steps, ...) for each.
        exact_to: Whose kernels.

    Returns:
        How many windows were run.

    Raises:
        MismatchError: A byte differs.
    """
    whole, steps = Oracle(window, exact_to), Oracle(stream, exact_to)
    count = min(_WINDOWS, len(samples[0]))
    try:
        for number in range(count):
            sample = [values[number : number + 1] for values in samples]
            wanted = whole.run(*sample)
            found = _stream(steps, sample, wanted)
            for output, (a, b) in enumerate(zip(wanted, found, strict=True)):
                if not np.array_equal(a, b):
                    raise MismatchError(
                        f"output {output} of the stream is not that of the whole window",
                        hint="please report the model's summary; without --streaming the file is"
                        " made as before",
                    )
    finally:
        whole.close()
        steps.close()
    return count


def _stream(
    steps: Oracle, sample: Sequence[npt.NDArray[Any]], wanted: Sequence[npt.NDArray[Any]]
) -> list[npt.NDArray[Any]]:
    """The outputs of all steps along time; of an output without time, the last step's."""
    rows: list[tuple[npt.NDArray[Any], ...]] = []
    for at in range(sample[0].shape[_TIME]):
        row = [values[:, at : at + 1] for values in sample]
        rows.append(steps.step(*row) if rows else steps.run(*row))
    columns = zip(*rows, strict=True)
    return [_joined(column, whole.shape) for column, whole in zip(columns, wanted, strict=True)]


def _joined(rows: Sequence[npt.NDArray[Any]], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    pairs = zip(rows[0].shape, shape, strict=True)
    along = [axis for axis, (one, all_) in enumerate(pairs) if one != all_]
    return np.concatenate(rows, axis=along[0]) if along else rows[-1]
