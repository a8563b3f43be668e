"""Take out the channels that nobody reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.rewrite import with_options
from tinycompress.codegen.simplify.edit import Editor
from tinycompress.codegen.simplify.links import Links
from tinycompress.codegen.simplify.products import Products, channels_of, stored_weights
from tinycompress.ir.graph import DType, Graph, Op, Quantization, Tensor

Bools = npt.NDArray[np.bool_]

CHANNEL_MULTIPLE = 4
"""Tensors keep as many channels that nobody reads as make a multiple of it.

Kernels with SIMD instructions take channels by four; what is left over costs more than four do.
"""


@dataclass(frozen=True)
class Dropped:
    """The graph that is left, and how many output channels its sums of products have less."""

    graph: Graph
    channels: int


def drop_unread_channels(graph: Graph) -> Dropped:
    """Drop every channel that nobody reads, from all tensors that it hangs together with.

    What is kept for the sake of `CHANNEL_MULTIPLE` has zeros for weights.
    """
    links = Links(graph)
    read = links.read()
    cut = _Cut(links, read, _kept(links, read))
    for op in graph.ops:
        cut.operator(op)
    return Dropped(cut.editor.graph, cut.channels)


def _kept(links: Links, read: Bools) -> Bools:
    """By root: whether it stays. A channel stays in each tensor, and more for the multiple."""
    kept: Bools = read.copy()
    for op in links.graph.ops:
        for index in op.outputs:
            roots = links.roots(index)
            for root in dict.fromkeys(roots[~kept[roots]].tolist()):
                count = int(kept[roots].sum())
                if count and count % CHANNEL_MULTIPLE == 0:
                    break
                kept[root] = True
    return kept


class _Cut:
    """A graph that is being cut.

    Args:
        links: Of the graph.
        read: By root, whether somebody reads it.
        kept: By root, whether it stays.
    """

    def __init__(self, links: Links, read: Bools, kept: Bools) -> None:
        self._links, self._read, self._kept = links, read, kept
        self.editor = Editor(links.graph)
        self.channels = 0

    def operator(self, op: Op) -> None:
        """Cut an operator's output and constants."""
        for index in op.outputs:
            tensor = self._links.graph.tensors[index]
            stays = self._stays(tensor)
            if not stays.all():
                self.editor.reshape(index, (*tensor.shape[:-1], int(stays.sum())))
        products = self._links.products.get(op.index)
        if products is not None:
            self._products(op, products)
            return
        for place, index in enumerate(op.inputs):
            if index >= 0:
                self._constant(op, place, self._links.graph.tensors[index])

    def _constant(self, op: Op, place: int, tensor: Tensor) -> None:
        """Cut an operand that is joined to activations: others are shapes, or stand for all."""
        if tensor.data is None or tensor.dtype is not DType.INT8 or channels_of(tensor) == 1:
            return
        stays = self._stays(tensor)
        if not stays.all():
            self.editor.set_data(op, place, tensor.data[..., stays])

    def _stays(self, tensor: Tensor) -> Bools:
        return self._kept[self._links.roots(tensor.index)]

    def _products(self, op: Op, products: Products) -> None:
        graph = self._links.graph
        x, tensor, y = o.operand(graph, op, 0), o.operand(graph, op, 1), o.result(graph, op)
        rows, unread = self._stays(y), ~self._read[self._links.roots(y.index)]
        weights, bias = products.weights.copy(), products.bias.copy()
        weights[unread] = bias[unread] = 0
        weights, bias = weights[rows], bias[rows]
        if op.kind != "DEPTHWISE_CONV_2D":
            weights = weights[:, :, self._stays(x)]
        if weights.shape == products.weights.shape and np.array_equal(weights, products.weights):
            return
        self.channels += int((~rows).sum())
        self._store(op, tensor, weights, rows)
        if not np.array_equal(bias, products.bias):
            self.editor.set_bias(op, bias)

    def _store(self, op: Op, tensor: Tensor, weights: npt.NDArray[np.int64], rows: Bools) -> None:
        q = o.quantization(tensor)
        count, taps, depth = weights.shape
        shape: tuple[int, ...] = (count, taps * depth)
        if op.kind == "CONV_2D":
            shape = (count, *tensor.shape[1:3], depth)
        elif op.kind == "DEPTHWISE_CONV_2D":
            shape = (*tensor.shape[:3], count)
        zero_point = 0 if q.per_channel else q.zero_point
        data = stored_weights(op, weights, shape) + zero_point
        self.editor.set_data(op, 1, data, _of_rows(q, rows))
        if "depth_multiplier" in op.options:
            inputs = int(self._stays(o.operand(self._links.graph, op, 0)).sum())
            self.editor.set_options(op, with_options(op, depth_multiplier=count // inputs))


def _of_rows(q: Quantization, rows: Bools) -> Quantization:
    """The scales of the rows that are left."""
    if not q.per_channel:
        return q
    kept = np.flatnonzero(rows).tolist()
    return Quantization(
        tuple(q.scales[i] for i in kept),
        tuple(q.zero_points[i] for i in kept) if len(q.zero_points) > 1 else q.zero_points,
        q.axis,
    )
