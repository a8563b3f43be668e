"""Whether a runtime runs a model at all: without one, nothing says which bytes are right."""

from __future__ import annotations

from tinycompress.artifacts import ExactTo
from tinycompress.errors import ModelError
from tinycompress.ir.random_inputs import random_inputs
from tinycompress.ir.reader import read_model
from tinycompress.oracle.oracle import Oracle


def refusal(tflite: bytes, exact_to: ExactTo) -> str | None:
    """Why a runtime does not run a model, found by running it once; None if it does.

    Args:
        tflite: The whole ``.tflite`` file.
        exact_to: Which runtime.

    Raises:
        ModelError: The file is damaged.
    """
    sample = [values[0] for values in random_inputs(read_model(tflite).main, 1)]
    try:
        oracle = Oracle(tflite, exact_to)
    except ModelError as error:
        return error.message
    try:
        oracle.run(*sample)
    except ModelError as error:
        return error.message
    finally:
        oracle.close()
    return None
