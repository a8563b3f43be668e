"""Which channels hang together through a graph, and which of them somebody reads.

Every channel of every tensor is an atom, its channel being its place in the last dimension. Atoms
are joined where an operator keeps channels apart: what is taken out of one tensor goes from the
other, too. An operator on int8 that mixes channels reads those whose weights are not zero, for
those of its outputs that are read. Whatever else touches a tensor fixes its channels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from tinycompress.codegen.ops import OPS, is_view
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.movement.pad import paddings
from tinycompress.codegen.simplify.products import Products, channels_of, products_of
from tinycompress.ir.graph import DType, Graph, Op, Tensor

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class Links:
    """The channels of a graph that has passed the checks.

    Atoms with the same ``root`` stay or go together.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.products: dict[int, Products] = {}
        counts = [channels_of(tensor) for tensor in graph.tensors]
        self._begins = np.concatenate(([0], np.cumsum(counts)))
        self._parents = np.arange(self._begins[-1])
        self._fixed: list[int] = [*graph.inputs, *graph.outputs]
        self._fixed += [t.index for t in graph.tensors if t.is_variable or t.initial is not None]
        for op in graph.ops:
            if not self._follow(op):
                self._fixed += [index for index in (*op.inputs, *op.outputs) if index >= 0]
        self._settle()

    def roots(self, index: int) -> Int64s:
        """The root of each channel of a tensor."""
        return self._parents[self._begins[index] : self._begins[index + 1]]

    def read(self) -> Bools:
        """By root: whether somebody reads it."""
        found = np.zeros(len(self._parents), bool)
        for index in self._fixed:
            found[self.roots(index)] = True
        mixing = [op for op in self.graph.ops if op.index in self.products]
        while True:
            before = int(found.sum())
            for op in reversed(mixing):
                products = self.products[op.index]
                if products.mixes:
                    wanted = _channels_read(products, found[self.roots(op.outputs[0])])
                    found[self.roots(op.inputs[0])[wanted]] = True
            if int(found.sum()) == before:
                return found

    def _follow(self, op: Op) -> bool:
        """Join what an operator joins; False if its tensors are to stay as they are."""
        tensors = [self.graph.tensors[index] for index in op.outputs]
        if len(tensors) != 1 or tensors[0].dtype is not DType.INT8:
            return False
        rule = _viewed if is_view(op) else _RULES.get(op.kind, _elementwise)
        return rule(self, op)

    def join(self, first: Int64s, second: Int64s) -> None:
        """Let atoms stay or go together, one by one."""
        for a, b in zip(first.tolist(), second.tolist(), strict=True):
            self._parents[self._root(a)] = self._root(b)

    def atoms(self, tensor: Tensor) -> Int64s:
        """The atoms of a tensor."""
        return np.arange(self._begins[tensor.index], self._begins[tensor.index + 1])

    def _root(self, atom: int) -> int:
        while self._parents[atom] != atom:
            self._parents[atom] = self._parents[self._parents[atom]]
            atom = int(self._parents[atom])
        return atom

    def _settle(self) -> None:
        """Let every atom know its root, so that no more is to be found."""
        while True:
            nearer = self._parents[self._parents]
            if np.array_equal(nearer, self._parents):
                return
            self._parents = nearer


def _channels_read(products: Products, outputs: Bools) -> Bools:
    """Which input channels have a weight that is not zero for one of some outputs."""
    found = np.zeros(products.channels, bool)
    used = (products.weights[outputs] != 0).any(axis=1)
    found[products.sources[outputs][used]] = True
    return found


def _sums(links: Links, op: Op) -> bool:
    products = products_of(links.graph, op)
    if products is None:
        return False
    if not products.mixes:
        if op.kind != "DEPTHWISE_CONV_2D":  # several groups of channels
            return False
        x, y = o.operand(links.graph, op, 0), o.result(links.graph, op)
        links.join(links.atoms(y), links.atoms(x)[products.sources[:, 0]])
    links.products[op.index] = products
    return True


def _viewed(links: Links, op: Op) -> bool:
    x, y = o.operand(links.graph, op, 0), o.result(links.graph, op)
    few, many = sorted((links.atoms(x), links.atoms(y)), key=len)
    if len(many) % len(few):
        return False
    links.join(many, np.tile(few, len(many) // len(few)))
    return True


def _elementwise(links: Links, op: Op) -> bool:
    """An operator that computes each element from those at the same place, or broadcast there."""
    spec, y = OPS[op.full_kind], o.result(links.graph, op)
    inputs = [links.graph.tensors[index] for index in op.inputs if index >= 0]
    if not spec.row_by_row or any(t.dtype is not DType.INT8 for t in inputs):
        return False
    for tensor in inputs:
        if channels_of(tensor) == channels_of(y):
            links.join(links.atoms(tensor), links.atoms(y))
        elif not tensor.is_constant:  # one channel, read for all
            return False
    return True


def _same_channels(links: Links, op: Op) -> bool:
    x, y = o.operand(links.graph, op, 0), o.result(links.graph, op)
    if channels_of(x) != channels_of(y):
        return False
    links.join(links.atoms(x), links.atoms(y))
    return True


def _reduced(links: Links, op: Op) -> bool:
    x, axes = o.operand(links.graph, op, 0), o.operand(links.graph, op, 1).data
    rank = len(x.shape)
    if axes is None or rank - 1 in {int(axis) % rank for axis in axes.reshape(-1)}:
        return False
    return _same_channels(links, op)


def _padded(links: Links, op: Op) -> bool:
    pairs = paddings(links.graph, op)
    return pairs is not None and not any(pairs[-1]) and _same_channels(links, op)


def _joined(links: Links, op: Op) -> bool:
    y = o.result(links.graph, op)
    parts = [links.atoms(links.graph.tensors[index]) for index in op.inputs]
    if o.int_option(op, "axis") % len(y.shape) == len(y.shape) - 1:
        links.join(np.concatenate(parts), links.atoms(y))
        return True
    for part in parts:
        links.join(part, links.atoms(y))
    return True


_RULES: Mapping[str, Callable[[Links, Op], bool]] = MappingProxyType(
    {
        "AVERAGE_POOL_2D": _same_channels,
        "CONCATENATION": _joined,
        "CONV_2D": _sums,
        "DEPTHWISE_CONV_2D": _sums,
        "FULLY_CONNECTED": _sums,
        "MAX_POOL_2D": _same_channels,
        "MEAN": _reduced,
        "PAD": _padded,
        "RESIZE_NEAREST_NEIGHBOR": _same_channels,
    }
)
