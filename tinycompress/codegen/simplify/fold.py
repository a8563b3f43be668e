"""Channels that never change go into biases, and their weights become zero."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.options import CodegenOptions
from tinycompress.codegen.simplify.edit import Editor
from tinycompress.codegen.simplify.intervals import Interval, Intervals, sum_interval
from tinycompress.codegen.simplify.products import Products, products_of, stored_weights
from tinycompress.ir.arithmetic import INT32_MAX, INT32_MIN
from tinycompress.ir.graph import Graph, Op

Int64s = npt.NDArray[np.int64]


def fold_constant_channels(graph: Graph, options: CodegenOptions) -> Graph:
    """Zero the weights that do not matter for any input; outputs stay as they are.

    An output that has one value for all sums that can occur keeps one of these sums, the one
    nearest to zero, as its bias, and no weights. The products of an input that never changes are
    one number per output, which the bias takes: where no window reaches into the padding, or where
    all that is inside comes to the same at each place, as it does if the input is its zero point.
    """
    known, editor = Intervals(graph, options), Editor(graph)
    for op in graph.ops:
        products = products_of(graph, op)
        if products is None:
            continue
        x, y = known.of(op.inputs[0]), known.of(op.outputs[0])
        weights, bias = _folded(products, x)
        _settle(weights, bias, sum_interval(products, x), y)
        _store(editor, graph, op, products, weights, bias)
    return editor.graph


def _folded(products: Products, x: Interval) -> tuple[Int64s, Int64s]:
    """Weights and bias with the constant inputs in the bias, where it still fits int32."""
    weights, bias = products.weights.copy(), products.bias
    if not x.constant.any():
        return weights, bias.copy()
    constant = x.constant[products.sources]
    values = np.where(constant, (x.low - products.zero_point)[products.sources], 0)
    terms = products.summed(weights * values[:, None, :])
    same = constant & (terms == terms[:, :1]).all(axis=1)
    total = bias + np.where(same, terms[:, 0], 0).sum(axis=1)
    fits = (total >= INT32_MIN) & (total <= INT32_MAX)
    gone = same & fits[:, None]
    weights[np.broadcast_to(gone[:, None, :], weights.shape)] = 0
    return weights, np.where(fits, total, bias)


def _settle(weights: Int64s, bias: Int64s, sums: Interval, y: Interval) -> None:
    """Leave outputs that never change no weights, in place."""
    settled = np.clip(0, sums.low, sums.high)
    fits = y.constant & (settled >= INT32_MIN) & (settled <= INT32_MAX)
    weights[fits] = 0
    bias[fits] = settled[fits]


def _store(
    editor: Editor, graph: Graph, op: Op, products: Products, weights: Int64s, bias: Int64s
) -> None:
    tensor = o.operand(graph, op, 1)
    if not np.array_equal(weights, products.weights):
        q = o.quantization(tensor)
        zero_point = 0 if q.per_channel else q.zero_point
        editor.set_data(op, 1, stored_weights(op, weights, tensor.shape) + zero_point)
    if not np.array_equal(bias, products.bias):
        editor.set_bias(op, bias)
