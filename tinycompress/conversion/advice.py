"""What a person may use in the place of a layer whose operators int8 lacks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

_FRAMES = "the 2D layer over the frames, with the frames as channels or one by one"
_SPECTRUM = "features that TFLM's signal operators compute before the model: docs/sound.md"

_INSTEAD: Mapping[str, str] = MappingProxyType(
    {
        "CONV_3D": _FRAMES,
        "CONV_3D_TRANSPOSE": _FRAMES,
        "AvgPool3D": _FRAMES,
        "MaxPool3D": _FRAMES,
        "TOPK_V2": "keras.ops.argmax for the best one; rank the others on the host",
        "CUMSUM": "softmax instead of sparsemax; a Dense layer with a triangle of ones for a sum",
        "DenseBincount": "Embedding and GlobalAveragePooling1D, or counts made on the host",
        "Bincount": "Embedding and GlobalAveragePooling1D, or counts made on the host",
        "NOT_EQUAL": "Embedding with mask_zero=False, and no Masking: steps that are padded then"
        " count like others",
        "RFFT": _SPECTRUM,
        "RFFT2D": _SPECTRUM,
        "STFT": _SPECTRUM,
        "Unique": "a fixed vocabulary, looked up on the host",
        "StringToHashBucketFast": "a fixed vocabulary, looked up on the host",
    }
)
"""By the kind of an operator, of TensorFlow Lite or of TensorFlow."""


def instead_of(kinds: Iterable[str]) -> str | None:
    """What to use instead of layers with operators of these kinds; None if nobody knows."""
    found = dict.fromkeys(_INSTEAD[kind] for kind in kinds if kind in _INSTEAD)
    return "; or ".join(found) if found else None
