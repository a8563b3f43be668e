"""An integer model: its tensors, what conversion says of it, how it agrees with its float model."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Literal

from tinycompress.artifacts.choices import Precision, TflmMethod
from tinycompress.artifacts.quality import OutputAgreement, OutputQuality

_ITEM_BYTES = {
    "int8": 1, "uint8": 1, "bool": 1, "int16": 2, "uint16": 2, "float16": 2,
    "int32": 4, "uint32": 4, "float32": 4, "int64": 8, "uint64": 8, "float64": 8,
}  # fmt: skip


@dataclass(frozen=True)
class TensorSpec:
    """An input or output of a model as the firmware sees it.

    ``shape`` has the batch dimension (always 1); ``real = scale * (stored - zero_point)``.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: float
    zero_point: int

    @property
    def size_bytes(self) -> int:
        """Bytes of one tensor."""
        return prod(self.shape) * _ITEM_BYTES[self.dtype]


@dataclass(frozen=True)
class EncodedTensor:
    """Weights of one layer that TFLite Micro's DECODE decodes.

    ``detail`` are the parameters of the method in words; bytes are of the data alone.
    """

    layer: str
    method: TflmMethod
    detail: str
    before_bytes: int
    after_bytes: int


@dataclass(frozen=True)
class TflmEncoding:
    """What encoded weights for TFLite Micro's DECODE did to a model file.

    ``before_bytes`` and ``after_bytes`` are of the whole file. ``code_bytes`` is what firmware
    grows by besides: ``measured`` in firmware for this board, or ``estimated`` from another's.
    ``decoded_peak_bytes``: the largest decoded tensor, which lies in the arena while its layer
    runs. ``proof_samples``: random inputs on which the interpreter gave the same output bytes
    before and after. ``decoded_weights`` are decoded in each inference, in about ``decode_cycles``
    on a Cortex-M4, an estimate.
    """

    before_bytes: int
    after_bytes: int
    code_bytes: int
    code_obtained: Literal["measured", "estimated"]
    decoded_peak_bytes: int
    tensors: tuple[EncodedTensor, ...]
    proof_samples: int
    decoded_weights: int
    decode_cycles: int

    @property
    def saved_bytes(self) -> int:
        """Bytes that the file lost."""
        return self.before_bytes - self.after_bytes


@dataclass(frozen=True)
class ConvertedModel:
    """A ``.tflite`` file, fully integer unless ``precision`` says otherwise.

    ``activations`` says what its operators work on: ``int8``, ``int16`` (16x8: the weights are
    int8) or ``int8 and int16``; ``float32`` with a ``precision`` other than int8. ``quality``
    has the scores of the file and of the float model that it was made from, of outputs with
    labels; ``agreement`` is between the two, of all outputs; both were counted on
    ``judged_samples``. ``tflm_encoding`` and ``plain_tflite``, the file from before, are None
    unless weights were encoded for TFLite Micro afterwards. ``not_integer`` says what in a
    ``.tflite`` that was passed on is not integer, a line each; ``integer_inside`` whether that
    is only its border: float inputs and outputs.
    """

    tflite: bytes
    sha256: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    quality: tuple[OutputQuality, ...] = ()
    agreement: tuple[OutputAgreement, ...] = ()
    judged_samples: int = 0
    warnings: tuple[str, ...] = ()
    tflm_encoding: TflmEncoding | None = None
    plain_tflite: bytes | None = None
    activations: str = "int8"
    not_integer: tuple[str, ...] = ()
    integer_inside: bool = True
    precision: Precision = "int8"

    @property
    def quantized_accuracy(self) -> float | None:
        """Accuracy of the file if exactly one output tells classes that there are labels for."""
        found = self._telling_classes()
        return found[0].score if len(found) == 1 else None

    @property
    def float_accuracy(self) -> float | None:
        """That of the float model."""
        found = self._telling_classes()
        return found[0].float_score if len(found) == 1 else None

    def _telling_classes(self) -> list[OutputQuality]:
        return [one for one in self.quality if one.kind == "classes"]


@dataclass(frozen=True)
class LayerAgreement:
    """How an integer operator's output agrees with the float model's value in its place.

    ``float_name`` is that value's name in the float model and ``found_by`` how it was found: by its
    name, or by its place in the order and its shape. Where there is none both are empty and
    ``snr_db`` is None. ``snr_db`` is the power of the float values over that of the difference.
    """

    index: int
    name: str
    op: str
    shape: tuple[int, ...]
    float_name: str
    found_by: Literal["name", "order", ""]
    snr_db: float | None


@dataclass(frozen=True)
class Finding:
    """What the doctor says of one tool or board.

    ``broken`` is a fault; ``missing`` is one only where what the hint names is wanted.
    """

    name: str
    status: Literal["ok", "missing", "broken"]
    version: str | None = None
    detail: str | None = None
    hint: str | None = None
