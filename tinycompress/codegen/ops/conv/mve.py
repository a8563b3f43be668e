"""Matrix products on cores with MVE: CONV_2D and FULLY_CONNECTED by pixels_s8_mve.h."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tinycompress.codegen.layer import ConstArray, Kernel, Layer, ParamValue
from tinycompress.codegen.ops.conv import orders
from tinycompress.codegen.rounding.channels import ChannelTables, Int64s

MVE_BYTES = 16
"""Bytes in a vector."""
_FOUR = 4


@dataclass(frozen=True, eq=False)
class Product:
    """A layer as a product of weights with columns of inputs.

    ``reference`` is the layer by the reference kernel, input and output its only arguments;
    ``rows`` are the weights, ``[outputs, inputs]``, of the tensor ``weights_name``; ``limits`` are
    the output's least and greatest value.
    """

    reference: Layer
    weights_name: str
    rows: Int64s
    tables: ChannelTables
    zero_point: int
    limits: tuple[int, int]

    @property
    def fits(self) -> bool:
        """Whether the kernels can compute it: they take four outputs at a time."""
        return len(self.rows) >= _FOUR


def product_words(inputs: int) -> int:
    """Words of a stream for four outputs."""
    return 4 + MVE_BYTES * vectors(inputs) + 6


def vectors(count: int) -> int:
    """Vectors that hold so many bytes."""
    return -(-count // MVE_BYTES)


def product_stream(weights: Int64s, tables: ChannelTables) -> npt.NDArray[np.uint32]:
    """The stream of pixels_s8_mve.h: ``[fours * product_words]``.

    Args:
        weights: ``[outputs, inputs]``, four outputs or more; where they are no whole fours the last
            four has some that come before.
        tables: Of the outputs; one multiplier and extra stand for all.
    """
    outputs, inputs = weights.shape
    order = np.array([range(c, c + 4) for c in (min(c, outputs - 4) for c in range(0, outputs, 4))])
    padded = np.zeros((outputs, vectors(inputs) * MVE_BYTES), np.int8)
    padded[:, :inputs] = weights
    lanes = padded[order].reshape(len(order), 4, -1, MVE_BYTES).transpose(0, 2, 1, 3)
    return np.concatenate(
        [
            as_words(tables.biases[order], np.int32),
            as_words(lanes, np.int8),
            as_words(np.broadcast_to(tables.multipliers, outputs)[order], np.int32),
            as_words(np.broadcast_to(kernel_extras(tables), outputs)[order], np.int16),
        ],
        axis=1,
    ).reshape(-1)


def kernel_extras(tables: ChannelTables) -> Int64s:
    """Addends of fitted lines, or minus the right shifts, as lanes are shifted to the left."""
    return tables.extras if tables.rounding == "fitted" else -(tables.extras + 1)


def as_words(values: npt.NDArray[np.integer], dtype: npt.DTypeLike) -> npt.NDArray[np.uint32]:
    """Integers as little-endian words, one row for each of the first dimension."""
    rows = np.ascontiguousarray(values.astype(np.dtype(dtype).newbyteorder("<")))
    return rows.reshape(len(rows), -1).view("<u4").astype(np.uint32)


def pointwise_mve(product: Product) -> Layer:
    """The layer where every pixel, or row, of inputs makes one of outputs."""
    outputs, inputs = product.rows.shape
    params: dict[str, ParamValue] = {
        "pixels": int(np.prod(product.reference.output_shape)) // outputs,
        "inputs": inputs,
        "outputs": outputs,
        **_common(product),
    }
    return product.reference.by(
        _kernel(product, "conv/pointwise", "conv_1x1"), params, order=orders.pixels_in_twos_mve
    )


def windowed_mve(product: Product, windows: Mapping[str, ParamValue]) -> Layer:
    """The layer where windows are gathered first; ``windows`` are their parameters."""
    chunks = vectors(product.rows.shape[1])
    return product.reference.by(
        _kernel(product, "conv", "conv_2d"),
        {**windows, "chunks": chunks, **_common(product)},
        order=orders.windows_in_twos,
        scratch=("int8_t", 2 * MVE_BYTES * chunks),
    )


def _kernel(product: Product, room: str, operator: str) -> Kernel:
    rounding = product.tables.rounding
    return Kernel(room, operator, f"{operator}_s8_mve", rounding=rounding, family="mve")


def _common(product: Product) -> dict[str, ParamValue]:
    stream = product_stream(product.rows, product.tables)
    return {
        "fraction_bits": product.tables.fraction_bits,
        "output_zero_point": product.zero_point,
        "clamp_min": product.limits[0],
        "clamp_max": product.limits[1],
        "stream": ConstArray(product.weights_name, "stream", stream),
        "stream_words": stream.size,
        "four_words": product_words(product.rows.shape[1]),
    }
