"""What the exported int8 file computes, by the runtime whose bytes the firmware reproduces."""

from __future__ import annotations

from tinycompress.artifacts import ExactTo
from tinycompress.compression.data.prepare import Data
from tinycompress.compression.network.network import Array
from tinycompress.ir.reader import read_model
from tinycompress.ir.specs import output_specs
from tinycompress.quality.running import real_outputs, stored_outputs


def int8_outputs(tflite: bytes, data: Data, *, exact_to: ExactTo = "tflm") -> tuple[Array, ...]:
    """Outputs as real numbers, batch first.

    Args:
        tflite: A fully quantised file.
        data: Samples.
        exact_to: Whose arithmetic.
    """
    stored = stored_outputs(tflite, data.inputs, exact_to=exact_to)
    return real_outputs(stored, output_specs(read_model(tflite).main))
