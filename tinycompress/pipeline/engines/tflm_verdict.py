"""Whether stock TensorFlow Lite Micro runs a model, tried on this PC."""

from __future__ import annotations

from dataclasses import dataclass

from tinycompress.codegen.tflm import peak_activations
from tinycompress.codegen.verdict import require_tflm
from tinycompress.errors import ModelError
from tinycompress.ir.reader import read_model
from tinycompress.oracle import host_arena_bytes


@dataclass(frozen=True)
class TflmVerdict:
    """What the ``tflite-micro`` package, stock TFLM kernels in a 64-bit build, says of a model.

    ``refused`` are the reasons why the TFLM engine does not take it; empty if it does, and then it
    was run and ``host_arena_bytes`` is the least arena in which it did. A 32-bit board needs less.
    """

    refused: tuple[str, ...]
    host_arena_bytes: int | None


def tflm_verdict(tflite: bytes) -> TflmVerdict:
    """Check that TFLM has every operator of a model, and run it once.

    Args:
        tflite: The whole file.

    Raises:
        ModelError: The file is no TFLite model.
    """
    model = read_model(tflite)
    try:
        require_tflm(model)
        peak_bytes, _ = peak_activations(model)
        return TflmVerdict((), host_arena_bytes(tflite, at_least=peak_bytes))
    except ModelError as error:
        return TflmVerdict(error.reasons or (error.message,), None)
