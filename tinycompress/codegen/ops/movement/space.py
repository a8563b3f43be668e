"""SPACE_TO_DEPTH, DEPTH_TO_SPACE, SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND."""

from __future__ import annotations

from itertools import product

from tinycompress.codegen.layer import Layer
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, in_turn
from tinycompress.codegen.ops.movement.copies import (
    Copy,
    View,
    constant_integers,
    copy_layer,
    copying,
    few_loops,
    fill_layer,
)
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import Graph, Op, Tensor

_MAX_BLOCKS = 64


def _deep_and_wide(graph: Graph, op: Op) -> tuple[Tensor, Tensor]:
    """The tensor with more channels, and that with more rows and columns."""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    return (y, x) if op.kind == "SPACE_TO_DEPTH" else (x, y)


def block_shape(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """A block of height and width must become channels, or channels a block"""
    deep, wide = (tensor.shape for tensor in _deep_and_wide(graph, op))
    block = o.int_option(op, "block_size")
    if len(deep) == len(wide) == 4 and block > 0:
        n, height, width, channels = wide
        if deep == (n, height // block, width // block, channels * block * block) and not (
            height % block or width % block
        ):
            return None
    return f"{list(wide)} and {list(deep)} with blocks of {block}"


def depth_plan(graph: Graph, op: Op) -> tuple[Copy, ...]:
    """One copy between the rows and columns inside of blocks and the channels."""
    deep, wide = _deep_and_wide(graph, op)
    block = o.int_option(op, "block_size")
    blocks = View.of(wide.shape).split(1, block).split(3, block).permuted((0, 1, 3, 2, 4, 5))
    channels = View.of(blocks.sizes)
    if op.kind == "SPACE_TO_DEPTH":
        return (Copy(wide, blocks, deep, channels),)
    return (Copy(deep, channels, wide, blocks),)


# --- batches --------------------------------------------------------------------------------------


def _blocks(graph: Graph, op: Op) -> tuple[int, ...]:
    return constant_integers(graph, op, 1) or ()


def _margins(graph: Graph, op: Op) -> tuple[tuple[int, int], ...]:
    """(before, after) of each dimension in blocks: paddings, or crops."""
    values = constant_integers(graph, op, 2) or ()
    return tuple(zip(values[::2], values[1::2], strict=False))


def _few_and_many(graph: Graph, op: Op) -> tuple[Tensor, Tensor]:
    """The tensor with the original batches, and that with a batch per block element."""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    return (x, y) if op.kind == "SPACE_TO_BATCH_ND" else (y, x)


def constant_blocks(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Block and margins must be constant, of 1 or 2 dimensions, the block at most 64 elements"""
    blocks, margins = _blocks(graph, op), _margins(graph, op)
    rank = len(o.operand(graph, op, 0).shape)
    elements = 1
    for block in blocks:
        elements *= block
    fits = 1 <= len(blocks) <= min(2, rank - 1) and len(margins) == len(blocks)
    if fits and min(blocks) > 0 and elements <= _MAX_BLOCKS and min(map(min, margins)) >= 0:
        return None
    return f"{list(blocks)} with {list(margins)} for {rank} dimensions"


def batch_shape(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Batches and sizes must follow from block and margins"""
    few, many = (tensor.shape for tensor in _few_and_many(graph, op))
    expected = [few[0], *few[1:]]
    for axis, (block, margin) in enumerate(
        zip(_blocks(graph, op), _margins(graph, op), strict=True), start=1
    ):
        total = few[axis] + sum(margin)
        if total % block:
            return f"{total} elements in blocks of {block}"
        expected[0] *= block
        expected[axis] = total // block
    return None if tuple(expected) == many else f"{list(few)} and {list(many)}"


def batch_plan(graph: Graph, op: Op) -> tuple[Copy, ...]:
    """One copy per element of the block."""
    few, many = _few_and_many(graph, op)
    blocks = _blocks(graph, op)
    copies = []
    for number, place in enumerate(product(*(range(block) for block in blocks))):
        spread = View.of(few.shape)
        dense = View.of(many.shape).cut(0, number * few.shape[0], few.shape[0])
        steps = zip(place, blocks, _margins(graph, op), strict=True)
        for axis, (at, block, (before, _)) in enumerate(steps, start=1):
            first = max(-(-(before - at) // block), 0)
            begin = first * block + at - before
            count = max(-(-(few.shape[axis] - begin) // block), 0)
            spread = spread.cut(axis, begin, count, block)
            dense = dense.cut(axis, first, count)
        if 0 in spread.sizes:
            continue
        ends = (few, spread, many, dense)
        copies.append(Copy(*ends) if few.index == op.inputs[0] else Copy(many, dense, few, spread))
    return tuple(copies)


def lower_batches(graph: Graph, op: Op, options: CodegenOptions) -> tuple[Layer, ...]:
    """Fill what padding leaves, then copy."""
    layers = [copy_layer(graph, op, copy) for copy in batch_plan(graph, op)]
    if op.kind == "SPACE_TO_BATCH_ND" and any(map(any, _margins(graph, op))):
        y = o.result(graph, op)
        # TFLM fills with the stored value 0, whatever it stands for.
        value = o.quantization(y).zero_point if options.exact_to == "litert" else 0
        layers.insert(0, fill_layer(graph, op, y, value))
    return tuple(layers)


DEPTH = OpSpec(
    structure=(
        o.arity(1, 1),
        o.int8_tensors(0),
        o.no_empty_tensor,
        o.computed(0, "input"),
        block_shape,
    ),
    constraints=(few_loops(depth_plan),),
    lower=copying(depth_plan),
)
BATCH = OpSpec(
    structure=(
        o.arity(3, 3),
        o.activations(0),
        o.no_empty_tensor,
        o.computed(0, "input"),
        o.quantised(0),
        constant_blocks,
        batch_shape,
    ),
    constraints=(o.tflm_on_int8, few_loops(batch_plan)),
    lower=in_turn(lower_batches),
)
