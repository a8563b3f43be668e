"""What TensorFlow Lite Micro's DECODE operator reads, whatever the decoder.

An operator has pairs of inputs and one output for each: a stream of bytes, and *ancillary data*,
which begin with a header of 16 bytes. Byte 0 says which decoder, byte 1 is the header's version 1,
bytes 2 and 3 are 0, byte 4 is the version of the decoder's own format, 1 for all three; what
follows is the decoder's. Shape, type and quantisation of what is decoded are those of the output.

Source: tensorflow/lite/micro/kernels/decode.cc, decode_state.h and decode_state_*.cc of
tflite-micro at the commit that `tinycompress.codegen.tflm.ops.TRIED_COMMIT` names.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tinycompress.artifacts import TflmMethod
from tinycompress.ir.graph import Tensor

HEADER_BYTES = 16
_HEADER_VERSION = 1
_FORMAT_VERSION = 1


class Decoder(enum.IntEnum):
    """Byte 0 of the header."""

    LUT = 0
    HUFFMAN = 1
    PRUNE = 2


@dataclass(frozen=True, eq=False)
class Filter:
    """Constant weights of one layer as the file has them.

    Args:
        values: int8, of the tensor's shape.
        zero_points: One for each scale: a single one, or one for each slice along ``axis``.
        axis: Dimension that the scales lie along; 0 for a single scale.
    """

    values: npt.NDArray[np.int8]
    zero_points: tuple[int, ...]
    axis: int = 0

    @classmethod
    def of(cls, tensor: Tensor) -> Filter:
        """The filter that a constant, quantised int8 tensor is."""
        assert tensor.data is not None
        assert tensor.quantization is not None
        quantization = tensor.quantization
        return cls(tensor.data, quantization.zero_points, quantization.axis)

    @property
    def channels(self) -> int:
        """How many scales there are."""
        return len(self.zero_points)

    @property
    def is_last_axis(self) -> bool:
        """Whether several scales lie along the last dimension."""
        return self.channels > 1 and self.axis == self.values.ndim - 1

    def along_axis(self, numbers: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
        """A number for each scale, in a shape that lines up with ``values``."""
        shape = [1] * self.values.ndim
        shape[self.axis] = -1
        return numbers.reshape(shape) if self.channels > 1 else numbers.reshape(())


@dataclass(frozen=True)
class Encoded:
    """A filter as the two inputs of DECODE.

    Args:
        method: Which encoder made it.
        detail: Its parameters, in words.
        stream: First input.
        ancillary: Second input, the header at its beginning.
        cycles_per_weight: About what decoding takes on a Cortex-M4, once per inference; an
            estimate from firmware of GCC 12 on a virtual board (``make tflm-decode``).
    """

    method: TflmMethod
    detail: str
    stream: bytes
    ancillary: bytes
    cycles_per_weight: float

    @property
    def size_bytes(self) -> int:
        """Bytes of both inputs."""
        return len(self.stream) + len(self.ancillary)


@dataclass(frozen=True)
class Method:
    """One encoder.

    Args:
        refusal: Why its decoder cannot make a filter; None if it can.
        encode: The filter as its decoder reads it; only of a filter that is not refused.
    """

    refusal: Callable[[Filter], str | None]
    encode: Callable[[Filter], Encoded]


def header(decoder: Decoder, *parameters: int) -> bytes:
    """The 16 bytes before a decoder's own data.

    Args:
        decoder: Which one.
        parameters: Bytes 5 and on.
    """
    start = bytes([decoder, _HEADER_VERSION, 0, 0, _FORMAT_VERSION, *parameters])
    return start.ljust(HEADER_BYTES, b"\0")


def axis_refusal(weights: Filter) -> str | None:
    """Why a decoder that looks at the scales does not take their dimension, if it does not."""
    if weights.channels > 1 and weights.axis != 0 and not weights.is_last_axis:
        return f"its scales lie along dimension {weights.axis}; it knows the first and the last"
    return None
