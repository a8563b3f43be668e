"""The TFLM engine: a model becomes an array, a resolver of exactly its operators, and an arena.

What runs on the device is unmodified upstream TensorFlow Lite Micro; what is generated here only
tells it what to run. The library itself comes from the user's own checkout (docs/engines.md).
"""

from __future__ import annotations

from tinycompress.artifacts import (
    ArenaFigure,
    ConvertedModel,
    GeneratedSources,
    TflmCompression,
)
from tinycompress.codegen.tflm.legality import refusals
from tinycompress.ir.graph import Model

__all__ = ["encode_weights", "generate", "peak_activations", "refusals"]


def encode_weights(
    converted: ConvertedModel,
    compression: TflmCompression,
    *,
    code_is_measured: bool = False,
) -> ConvertedModel:
    """As `tinycompress.codegen.tflm.decode.encoding.encode_weights`."""
    # It brings the schema of .tflite files and the oracle, which other builds need not wait for.
    from tinycompress.codegen.tflm.decode import encoding

    return encoding.encode_weights(converted, compression, code_is_measured=code_is_measured)


def generate(model: Model, tflite: bytes, arena: ArenaFigure) -> GeneratedSources:
    """Generate the sources that run a model on stock TFLM.

    Args:
        model: The model as read from ``tflite``.
        tflite: The whole file; it is what the firmware holds.
        arena: Bytes of the arena, and how that figure was got.

    Raises:
        ModelError: TFLM cannot run the model; with every reason.
    """
    # The generator brings jinja2, which whoever only asks for the peak need not wait for.
    from tinycompress.codegen.tflm.sources import generate_sources

    return generate_sources(model, tflite, arena)


def peak_activations(model: Model) -> tuple[int, str]:
    """Bytes that no arena can do without, and the layer that runs while they are live."""
    from tinycompress.codegen.tflm.peak import peak_activations

    return peak_activations(model.main)
