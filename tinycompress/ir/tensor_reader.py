"""Read the tensors of a ``.tflite`` file: shape, type, quantisation and constant data."""

from __future__ import annotations

import bisect
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress.ir.flatbuffer import Flatbuffer, Table, TableVector, damaged, shorten
from tinycompress.ir.graph import DType, Quantization, Tensor
from tinycompress.ir.tflite_schema import (
    TENSOR_TYPES,
    BufferField,
    QuantizationParametersField,
    TensorField,
)

MAX_RANK = 8
MAX_ELEMENTS = 2**31 - 1

_ZERO_POINT_RANGES = {
    dtype: (-(1 << dtype.bits - 1), (1 << dtype.bits - 1) - 1)
    if dtype.value.startswith("int")
    else (0, (1 << dtype.bits) - 1)
    for dtype in DType
    if dtype.is_integer
}


class TensorReader:
    """Reads tensors of one file, and collects why some cannot be represented.

    Attributes:
        reasons: One line per tensor and reason, in the file's order.
    """

    def __init__(self, file: Flatbuffer, buffers: TableVector) -> None:
        self.reasons: list[str] = []
        self._data = file.data
        self._buffers = buffers
        self._extents: dict[int, tuple[int, int]] = {}
        self._taken: list[tuple[int, int]] = []
        self._arrays: dict[tuple[int, int, DType], npt.NDArray[Any]] = {}
        self._copied_bytes = 0

    def read(
        self, index: int, table: Table, where: str, *, nameless: str, encoded: bool = False
    ) -> Tensor:
        """Tensor ``index`` of the subgraph that ``where`` names.

        ``nameless``: what it is called if the file has no name for it.

        ``encoded``: it holds compressed bytes. TFLM's compression tool leaves the parameters of the
        tensor that they decode to in such a tensor, where they fit neither its shape nor its type.
        """
        name = table.string(TensorField.NAME, "tensor name")
        what = f"{where}tensor {index}" + (f" '{shorten(name)}'" if name else "")
        dtype = _dtype(table.scalar(TensorField.TYPE, "b", 0), what)
        shape = self._shape(table, what)
        self._refuse_unsupported(table, what)
        return Tensor(
            index=index,
            name=name or nameless,
            shape=shape,
            dtype=dtype,
            quantization=None
            if encoded
            else self._quantization(table.table(TensorField.QUANTIZATION), shape, dtype, what),
            data=self._constant(table.scalar(TensorField.BUFFER, "I", 0), shape, dtype, what),
            is_variable=table.scalar(TensorField.IS_VARIABLE, "?", False),
        )

    def _refuse_unsupported(self, table: Table, what: str) -> None:
        if table.table(TensorField.SPARSITY) is not None:
            self.reasons.append(f"{what} is sparse; convert without sparsity in the file")
        if table.scalar(TensorField.EXTERNAL_BUFFER, "I", 0) != 0:
            self.reasons.append(f"{what} is kept in an external file")

    def _shape(self, table: Table, what: str) -> tuple[int, ...]:
        shape = table.integers(TensorField.SHAPE, f"shape of {what}")
        signature = table.integers(TensorField.SHAPE_SIGNATURE, f"shape signature of {what}")
        if len(shape) > MAX_RANK:
            damaged(f"{what} has {len(shape)} dimensions, more than {MAX_RANK}")
        if signature and len(signature) != len(shape):
            damaged(f"{what} has a shape of {len(shape)} and a signature of {len(signature)} sizes")
        if -1 in signature[1:] or -1 in shape[1:]:
            self.reasons.append(
                f"{what} has shape {list(signature or shape)}: only the first dimension, the batch,"
                " may be open (-1)"
            )
        # An open size can be -1 in the shape itself; placeholders keep a refused tensor readable.
        shape = tuple(1 if size == -1 else size for size in shape)
        if any(size < 0 for size in shape) or _span(shape) > MAX_ELEMENTS:
            damaged(f"{what} has the impossible shape {list(shape)}")
        return shape

    def _quantization(
        self, table: Table | None, shape: tuple[int, ...], dtype: DType, what: str
    ) -> Quantization | None:
        """Quantisation of an integer tensor; other types' parameters mean nothing."""
        if table is None or not dtype.is_integer:
            return None
        if table.scalar(QuantizationParametersField.DETAILS_TYPE, "B", 0) != 0:
            self.reasons.append(f"{what} has custom, block-wise or multi-axis quantisation")
            return None
        scales = table.floats(QuantizationParametersField.SCALE, f"scales of {what}")
        zero_points = table.integers(
            QuantizationParametersField.ZERO_POINT, f"zero points of {what}", "q"
        ) or (0,) * len(scales)
        if not scales:
            return None
        if not all(0 < scale < math.inf for scale in scales):
            damaged(f"{what} has a scale that is not a positive number")
        if len(zero_points) not in (1, len(scales)):
            damaged(f"{what} has {len(scales)} scales and {len(zero_points)} zero points")
        low, high = _ZERO_POINT_RANGES[dtype]
        if not all(low <= zero_point <= high for zero_point in zero_points):
            damaged(f"{what} has a zero point outside the range of {dtype.value}")
        if len(zero_points) < len(scales):
            zero_points *= len(scales)
        axis = table.scalar(QuantizationParametersField.QUANTIZED_DIMENSION, "i", 0)
        return Quantization(scales, zero_points, _axis(axis, len(scales), shape, what))

    def _constant(
        self, buffer: int, shape: tuple[int, ...], dtype: DType, what: str
    ) -> npt.NDArray[Any] | None:
        start, size = self._extent(buffer, what)
        if size == 0:
            # Without elements, a constant looks like an activation: both have no data.
            empty = math.prod(shape) == 0 and dtype.has_numpy
            return _read_only(np.empty(shape, dtype.numpy)) if empty else None
        if dtype.bits == 0:
            self.reasons.append(f"{what} is a constant of type {dtype.value}")
            return None
        expected = (math.prod(shape) * dtype.bits + 7) // 8
        if size != expected:
            damaged(f"{what} has {size} bytes of data; {dtype.value}{list(shape)} takes {expected}")
        key = start, size, dtype
        if key not in self._arrays:
            raw = np.frombuffer(self._data, np.uint8, size, start)
            self._arrays[key] = self._elements(raw, dtype, math.prod(shape))
        return self._arrays[key].reshape(shape)

    def _extent(self, index: int, what: str) -> tuple[int, int]:
        """First byte and length of a buffer's data: in the flatbuffer, or after it in the file."""
        if index in self._extents:
            return self._extents[index]
        table = self._buffers[index]
        start, size = table.extent(BufferField.DATA, f"data of {what}")
        offset = table.scalar(BufferField.OFFSET, "Q", 0)
        # Writers put the placeholder 1 before they know where the data will be.
        if offset > 1:
            if size:
                damaged(f"buffer {index} has data both inside and outside the flatbuffer")
            start, size = offset, table.scalar(BufferField.SIZE, "Q", 0)
            if start + size > len(self._data):
                damaged(f"data of {what} ends at byte {start + size}, outside the file")
        if size:
            self._take(start, start + size, what)
        self._extents[index] = start, size
        return start, size

    def _take(self, start: int, end: int, what: str) -> None:
        """Note the bytes of a constant; the same bytes may serve two buffers, but not a part."""
        position = bisect.bisect_left(self._taken, (start, end))
        for other in self._taken[max(0, position - 1) : position + 1]:
            if other != (start, end) and other[0] < end and start < other[1]:
                damaged(f"data of {what} overlaps other data, at byte {max(start, other[0])}")
        if (start, end) not in self._taken[position : position + 1]:
            self._taken.insert(position, (start, end))

    def _elements(self, raw: npt.NDArray[np.uint8], dtype: DType, count: int) -> npt.NDArray[Any]:
        """A read-only array of ``count`` elements from their bytes in the file."""
        values: npt.NDArray[Any]
        if dtype.bits < 8:
            self._spend_copy(raw.size * (8 // dtype.bits))
            values = _unpack(raw, dtype.bits, signed=dtype is not DType.UINT4)[:count]
        elif dtype is DType.BOOL:
            self._spend_copy(raw.size)
            values = raw != 0
        elif dtype in (DType.BFLOAT16, DType.FLOAT8_E4M3FN, DType.FLOAT8_E5M2):
            values = raw.view("<u2" if dtype.bits == 16 else np.uint8)
        else:
            values = raw.view(dtype.numpy.newbyteorder("<"))
        return _read_only(values)

    def _spend_copy(self, size: int) -> None:
        # Two-bit constants grow fourfold; more means that the same bytes are copied repeatedly.
        self._copied_bytes += size
        if self._copied_bytes > 4 * len(self._data):
            damaged("its constants narrower than a byte overlap")


def _span(shape: tuple[int, ...]) -> int:
    """Number of elements, with zero sizes taken as one: what numpy's strides must cover."""
    return math.prod(max(1, size) for size in shape)


def _read_only(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    values.flags.writeable = False
    return values


def _dtype(code: int, what: str) -> DType:
    if not 0 <= code < len(TENSOR_TYPES):
        damaged(f"{what} has type {code}, which TFLite's schema does not have")
    return DType[TENSOR_TYPES[code]]


def _axis(axis: int, scales: int, shape: tuple[int, ...], what: str) -> int:
    """The quantised dimension, 0 for a per-tensor scale."""
    if scales == 1:
        return 0
    # Old converters gave a bias the dimension of its weights.
    if len(shape) == 1:
        axis = 0
    if not 0 <= axis < len(shape) or shape[axis] != scales:
        damaged(f"{what} has {scales} scales along dimension {axis} of shape {list(shape)}")
    return axis


def _unpack(raw: npt.NDArray[np.uint8], bits: int, *, signed: bool) -> npt.NDArray[Any]:
    """Elements of 2 or 4 bits, the first in the lowest bits of its byte, as int8 or uint8."""
    per_byte = 8 // bits
    values = np.empty((raw.size, per_byte), np.uint8)
    for position in range(per_byte):
        # To the top of the byte first, so that an arithmetic shift extends the sign.
        values[:, position] = raw << (8 - bits * (position + 1))
    flat = values.reshape(-1).view(np.int8 if signed else np.uint8)
    flat >>= 8 - bits
    return flat
