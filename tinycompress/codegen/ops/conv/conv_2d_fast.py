"""CONV_2D by fast kernels: every variant of a family of cores that computes a layer exactly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tinycompress.codegen.layer import (
    ConstArray,
    Kernel,
    KernelFamily,
    Layer,
    ParamValue,
    Rounding,
)
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.conv import orders
from tinycompress.codegen.ops.conv.convolution import reference_stairs
from tinycompress.codegen.ops.conv.encoded import encoded_layers
from tinycompress.codegen.ops.conv.mve import Product, pointwise_mve, windowed_mve
from tinycompress.codegen.ops.conv.thumb1 import thumb1_layer
from tinycompress.codegen.ops.conv.winograd import winograd_layer
from tinycompress.codegen.ops.dense.dense_fast import dense_layer, direct_layers
from tinycompress.codegen.ops.dense.encoded import DenseProblem
from tinycompress.codegen.ops.dense.encoded import encoded_layers as encoded_dense
from tinycompress.codegen.ops.requantize import bias_values
from tinycompress.codegen.ops.window import Window, window_sizes
from tinycompress.codegen.options import CodegenOptions, CoreFamily
from tinycompress.codegen.rounding.channels import (
    ChannelTables,
    Int64s,
    channel_tables,
    folded_biases,
)
from tinycompress.codegen.rounding.fitted_multiply import DoubleRounding
from tinycompress.codegen.weights.pairs import PairTables, pair_tables
from tinycompress.codegen.weights.streams import (
    Words,
    four_stream,
    four_words,
    in_order,
    pair_stream,
    pair_words,
    quad_count,
    tap_order,
)
from tinycompress.ir.graph import Graph, Op, Tensor

_COLUMN_WORDS = 6
"""Words of the columns for a quad: three pixels, two pairs each."""


def fast_variants(
    graph: Graph, op: Op, window: Window, reference: Layer, options: CodegenOptions
) -> Iterator[Layer]:
    """The layer by each fast kernel that can compute it, none if there is none.

    Args:
        graph: The graph; the operator has passed the checks.
        op: A CONV_2D.
        window: Its window.
        reference: The layer by the reference kernel.
        options: Which kernels the core can run, and whether weights may be encoded.
    """
    conv = _Conv(graph, op, window, reference)
    if conv.weights.shape[3] != conv.x.shape[3]:
        return
    if window.dilation != (1, 1):
        return
    tables = conv.tables()
    if tables is None:
        return
    plain = tuple(_plain_weights(conv, tables, options.family))
    yield from plain
    if options.family == "dsp":
        yield from _winograd(conv, tables)
    instead = plain[0] if plain else reference
    if conv.one_product:
        problem = DenseProblem(reference, conv.weights.name, conv.rows, tables, conv.common)
        yield from encoded_dense(problem, instead, options)
        return
    for layer in (*plain, *_without_words(conv, tables, options.family)):
        encoded = tuple(encoded_layers(layer, instead, conv.rows.size, options))
        yield from encoded
        if encoded:
            # Of kernels for tiles the first is the fastest.
            return


def _plain_weights(conv: _Conv, tables: ChannelTables, family: CoreFamily) -> Iterator[Layer]:
    """The layer by the kernels that read weights as they are."""
    reference = conv.reference
    if family == "thumb1":
        small = conv.thumb1(tables)
        if small is not None:
            yield small
        return
    channels = len(conv.rows)
    product = conv.product(tables)
    if family == "mve" and product.fits:
        yield pointwise_mve(product) if conv.pointwise else windowed_mve(product, conv.windows)
    if conv.one_product:
        dense = dense_layer(reference, conv.weights.name, conv.rows, tables, conv.common, family)
        yield from (dense, *direct_layers(dense))
    if family in ("mve", "dsp") and channels >= 2:
        pairs = conv.pair_tables()
        if pairs is not None:
            if conv.pointwise and conv.taps % 4 == 0:
                yield _pointwise_dsp(conv, pairs)
            yield _windowed_dsp(conv, pairs)
            return
    # Sums that are too large for pairs of channels are not for these kernels.
    if channels >= 4:
        yield _pointwise_mla(conv, tables) if conv.pointwise else _windowed_mla(conv, tables)


def _without_words(conv: _Conv, tables: ChannelTables, family: CoreFamily) -> Iterator[Layer]:
    """On Thumb-1 cores the kernel for any weights, where another is the faster for these."""
    if family == "thumb1":
        first, other = conv.thumb1(tables), conv.thumb1(tables, words=False)
        if first is not None and other is not None and first.kernel != other.kernel:
            yield other


@dataclass(frozen=True)
class _Conv:
    """A convolution without groups, and the parameters that several kernels share."""

    graph: Graph
    op: Op
    window: Window
    reference: Layer

    @property
    def x(self) -> Tensor:
        return o.operand(self.graph, self.op, 0)

    @property
    def weights(self) -> Tensor:
        return o.operand(self.graph, self.op, 1)

    @property
    def y(self) -> Tensor:
        return o.result(self.graph, self.op)

    @cached_property
    def rows(self) -> Int64s:
        """Weights, ``[channels, taps]``."""
        return np.asarray(self.weights.data, np.int64).reshape(self.weights.shape[0], -1)

    @property
    def taps(self) -> int:
        return int(self.rows.shape[1])

    @property
    def pointwise(self) -> bool:
        """Whether every output is made of one input pixel, in the same order."""
        return self.window.size == self.window.stride == (1, 1) and not self.window.padded

    @property
    def one_product(self) -> bool:
        """Whether it is that of one vector, as FULLY_CONNECTED."""
        return self.pointwise and self.reference.output_shape[:3] == (1, 1, 1)

    @cached_property
    def stairs(self) -> list[DoubleRounding]:
        """The reference's requantisation of each channel."""
        return reference_stairs(self.graph, self.op, 0)

    @cached_property
    def biases(self) -> Int64s:
        """With the input's zero point folded in."""
        stored = bias_values(o.optional_operand(self.graph, self.op, 2), len(self.rows))
        return folded_biases(self.rows, stored, o.quantization(self.x).zero_point)

    def tables(self) -> ChannelTables | None:
        return channel_tables(self.stairs, self.rows, self.biases)

    def pair_tables(self) -> PairTables | None:
        return pair_tables(self.stairs, self.rows, self.biases)

    def product(self, tables: ChannelTables) -> Product:
        limits = o.clamp_range(self.graph, self.op)
        zero_point = o.quantization(self.y).zero_point
        return Product(self.reference, self.weights.name, self.rows, tables, zero_point, limits)

    def thumb1(self, tables: ChannelTables, *, words: bool = True) -> Layer | None:
        return thumb1_layer(
            self.reference,
            self.weights.name,
            self.rows,
            tables,
            self.windows,
            self.common,
            words=words,
        )

    @property
    def common(self) -> dict[str, ParamValue]:
        low, high = o.clamp_range(self.graph, self.op)
        return {
            "doubled_zero_point": 2 * o.quantization(self.y).zero_point + 1,
            "clamp_min": low,
            "clamp_max": high,
        }

    @property
    def pixels(self) -> dict[str, ParamValue]:
        """The sizes of a pointwise convolution."""
        outputs = len(self.rows)
        return {"pixels": self.y.elements // outputs, "inputs": self.taps, "outputs": outputs}

    @property
    def windows(self) -> dict[str, ParamValue]:
        """The sizes of any other one."""
        return window_sizes(self.x, self.y, self.window)

    def stream(self, words: Words) -> dict[str, ParamValue]:
        return {
            "stream": ConstArray(self.weights.name, "stream", words),
            "stream_words": words.size,
        }


def _pointwise_dsp(conv: _Conv, tables: PairTables) -> Layer:
    params = {
        **conv.pixels,
        **conv.common,
        **conv.stream(pair_stream(conv.rows, tables)),
        "pair_words": pair_words(conv.taps),
    }
    return conv.reference.by(
        _pointwise("dsp", tables.rounding),
        params,
        order=orders.pixels_in_threes,
        scratch=("uint32_t", 4 * _COLUMN_WORDS * quad_count(conv.taps)),
    )


def _windowed_dsp(conv: _Conv, tables: PairTables) -> Layer:
    depth, chunks = conv.x.shape[3], quad_count(conv.taps)
    order = tap_order(conv.window.size[0], conv.window.size[1] * depth)
    params = {
        **conv.windows,
        **conv.common,
        "chunks": chunks,
        **conv.stream(pair_stream(in_order(conv.rows, order), tables)),
        "pair_words": pair_words(conv.taps),
    }
    # Of three windows side by side all columns between the first and the last, or each on its own.
    width = max(3 * conv.window.size[1], 2 * conv.window.stride[1] + conv.window.size[1])
    gathered = conv.window.size[0] * width * depth if depth % 4 else 0
    return conv.reference.by(
        _windowed("dsp", tables.rounding, "rows" if depth % 4 else ""),
        params,
        order=orders.windows_in_threes,
        scratch=("uint32_t", 4 * _COLUMN_WORDS * chunks + gathered),
    )


def _winograd(conv: _Conv, tables: ChannelTables) -> Iterator[Layer]:
    """The layer by fewer products, where its windows allow it."""
    if conv.window.size == (3, 3) and conv.window.stride == (1, 1):
        filters = np.asarray(conv.weights.data, np.int64)
        sizes = {**conv.windows, **conv.common}
        layer = winograd_layer(conv.reference, conv.weights.name, filters, tables, sizes)
        if layer is not None:
            yield layer


def _pointwise_mla(conv: _Conv, tables: ChannelTables) -> Layer:
    params = {
        **conv.pixels,
        **conv.common,
        **conv.stream(four_stream(conv.rows, tables)),
        "four_words": four_words(conv.taps),
    }
    kernel = _pointwise("mla", tables.rounding)
    return conv.reference.by(kernel, params, order=orders.pixels_in_twos)


def _windowed_mla(conv: _Conv, tables: ChannelTables) -> Layer:
    params = {
        **conv.windows,
        "taps": conv.taps,
        **conv.common,
        **conv.stream(four_stream(conv.rows, tables)),
        "four_words": four_words(conv.taps),
    }
    return conv.reference.by(
        _windowed("mla", tables.rounding),
        params,
        order=orders.windows_in_twos,
        scratch=("int8_t", 2 * conv.taps),
    )


def _pointwise(family: KernelFamily, rounding: Rounding) -> Kernel:
    params = f"conv_1x1_s8_{family}"
    return Kernel("conv/pointwise", "conv_1x1", params, rounding=rounding, family=family)


def _windowed(family: KernelFamily, rounding: Rounding, variant: str = "") -> Kernel:
    params = f"conv_2d_s8_{family}"
    return Kernel("conv", "conv_2d", params, variant=variant, rounding=rounding, family=family)
