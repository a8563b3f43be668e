"""Operators that move elements and compute nothing: each is a few copies between strided views.

All is measured in bytes when it reaches the kernel, so that one kernel serves every type.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from tinycompress.codegen.layer import Argument, ConstArray, Kernel, Layer, TensorArgument
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import Constraint, Lowering, in_turn
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import DType, Graph, Op, Tensor

COPY = Kernel("movement", "copy", "copy", types=())
_FILL_REF = Kernel("movement", "fill", "fill", types=())
DIMENSIONS = 6
MOVABLE = frozenset({DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32})


@dataclass(frozen=True)
class View:
    """Some elements of a tensor: sizes, and elements from one to the next in every dimension."""

    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int = 0

    @classmethod
    def of(cls, shape: tuple[int, ...]) -> View:
        """All elements of a dense tensor."""
        return cls(shape, tuple(prod(shape[i + 1 :]) for i in range(len(shape))))

    def permuted(self, axes: tuple[int, ...]) -> View:
        """The dimensions in another order."""
        return replace(
            self,
            sizes=tuple(self.sizes[axis] for axis in axes),
            strides=tuple(self.strides[axis] for axis in axes),
        )

    def cut(self, axis: int, begin: int, count: int, step: int = 1) -> View:
        """``count`` indices of one dimension, from ``begin`` on, ``step`` apart."""
        return replace(
            self,
            sizes=(*self.sizes[:axis], count, *self.sizes[axis + 1 :]),
            strides=(*self.strides[:axis], self.strides[axis] * step, *self.strides[axis + 1 :]),
            offset=self.offset + begin * self.strides[axis],
        )

    def split(self, axis: int, inner: int) -> View:
        """One dimension as two: of ``size / inner`` and of ``inner``."""
        size, stride = self.sizes[axis], self.strides[axis]
        return replace(
            self,
            sizes=(*self.sizes[:axis], size // inner, inner, *self.sizes[axis + 1 :]),
            strides=(*self.strides[:axis], stride * inner, stride, *self.strides[axis + 1 :]),
        )

    def repeated(self, axis: int, count: int) -> View:
        """A new dimension before ``axis`` along which everything is repeated."""
        return replace(
            self,
            sizes=(*self.sizes[:axis], count, *self.sizes[axis:]),
            strides=(*self.strides[:axis], 0, *self.strides[axis:]),
        )


@dataclass(frozen=True)
class Copy:
    """Elements of one tensor that go to as many of another, in the order of the views."""

    source: Tensor
    taken: View
    target: Tensor
    placed: View

    def loops(self) -> list[tuple[int, int, int]]:
        """(size, bytes between elements of the source, of the target), outermost first."""
        item = self.source.dtype.item_bytes
        merged: list[tuple[int, int, int]] = []
        steps = zip(self.taken.sizes, self.taken.strides, self.placed.strides, strict=True)
        for size, step, to in (*((n, a * item, b * item) for n, a, b in steps), (item, 1, 1)):
            if size == 1:
                continue
            if merged and merged[-1][1:] == (size * step, size * to):
                merged[-1] = (merged[-1][0] * size, step, to)
            else:
                merged.append((size, step, to))
        return merged


Plan = Callable[[Graph, Op], tuple[Copy, ...]]


def movable(position: int = 0) -> Constraint:
    """A constraint: the input at ``position`` is of a type that is moved, as are all outputs."""

    def check(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
        """Input and outputs must have the same type: int8, int16, int32 or float32"""
        x = o.operand(graph, op, position)
        tensors = [x, *(graph.tensors[index] for index in op.outputs)]
        wrong = [t for t in tensors if t.dtype not in MOVABLE or t.dtype is not x.dtype]
        return ", ".join(f"'{t.name}' is {t.dtype.value}" for t in wrong) or None

    return check


def few_loops(plan: Plan) -> Constraint:
    """A constraint on what a plan needs, for operators that may need more than there is."""

    def check(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
        """The copy must reduce to six nested loops"""
        most = max(len(copy.loops()) for copy in plan(graph, op))
        return None if most <= DIMENSIONS else f"it takes {most}"

    return check


def copying(plan: Plan) -> Lowering:
    """The lowering that runs a plan's copies one after the other."""

    return in_turn(
        lambda graph, op, options: tuple(copy_layer(graph, op, copy) for copy in plan(graph, op))
    )


def copy_layer(graph: Graph, op: Op, copy: Copy) -> Layer:
    """The layer of one copy."""
    item = copy.source.dtype.item_bytes
    loops = copy.loops()
    loops = [(1, 0, 0)] * (DIMENSIONS - len(loops)) + loops
    return Layer(
        op=op,
        name=graph.layer_name(op),
        kernel=COPY,
        params={
            **{f"size_{i}": size for i, (size, _, _) in enumerate(loops)},
            **{f"from_{i}": step for i, (_, step, _) in enumerate(loops)},
            **{f"to_{i}": step for i, (_, _, step) in enumerate(loops)},
            "from_offset": copy.taken.offset * item,
            "to_offset": copy.placed.offset * item,
        },
        arguments=(bytes_argument(copy.source), bytes_argument(copy.target, written=True)),
        output_shape=copy.target.shape,
        shapes=o.shape_text(copy.source, copy.target),
    )


def fill_layer(graph: Graph, op: Op, target: Tensor, value: int) -> Layer:
    """The layer that fills every byte of a tensor with one value; of int16, with 0."""
    return Layer(
        op=op,
        name=graph.layer_name(op),
        kernel=_FILL_REF,
        params={"count": target.size_bytes, "value": value},
        arguments=(bytes_argument(target, written=True),),
        output_shape=target.shape,
        shapes=f"{value} -> {list(target.shape)}",
    )


def bytes_argument(tensor: Tensor, *, written: bool = False) -> Argument:
    """The kernel argument for a tensor of any type, as bytes."""
    if tensor.data is None:
        return TensorArgument(tensor.index, "int8_t", written)
    data = np.ascontiguousarray(tensor.data).reshape(-1)
    little = data.astype(data.dtype.newbyteorder("<"), copy=False)
    return ConstArray(tensor.name, "data", little.view(np.int8))


def constant_integers(graph: Graph, op: Op, position: int) -> tuple[int, ...] | None:
    """The elements of a constant int32 or int64 input, None if it is none."""
    tensor = o.optional_operand(graph, op, position)
    if tensor is None or tensor.data is None or tensor.dtype not in (DType.INT32, DType.INT64):
        return None
    return tuple(int(value) for value in tensor.data.reshape(-1))


def positive_axis(axis: int, rank: int) -> int | None:
    """An axis counted from the front, None if there is none such."""
    return axis % rank if -rank <= axis < rank else None
