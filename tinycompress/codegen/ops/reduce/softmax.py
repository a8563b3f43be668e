"""SOFTMAX on int8 to int8 or int16, and on int16, along the last dimension.

Both references abort when the exponentials, each at most 1, sum to 512 or more. That can only
happen with more than 511 classes and nearly equal inputs; the device then gives outputs near 0.
"""

from __future__ import annotations

import numpy as np

from tinycompress.codegen.layer import ConstArray, Kernel, Layer, ParamValue
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, one_layer
from tinycompress.codegen.ops.elementwise.rescale import factor
from tinycompress.codegen.options import CodegenOptions
from tinycompress.codegen.overlap import every_element
from tinycompress.ir.arithmetic import SoftmaxScaling, softmax_exp_table, softmax_scaling
from tinycompress.ir.graph import DType, Graph, Op
from tinycompress.ir.lut import exp_table, reciprocal_table

_REF = {
    DType.INT8: Kernel("reduce", "softmax", "softmax_s8"),
    DType.INT16: Kernel("reduce", "softmax", "softmax_s8", types=("s8", "s16")),
}
_SERIES_REF = Kernel("reduce", "softmax", "softmax_s8", variant="series")
_ENTRIES_PER_ELEMENT = {"speed": 16, "ram": 16, "flash": 1}
"""Entries of a table of exponentials that are too many for each element which looks one up."""
_WIDE_REF = Kernel("reduce", "softmax", "softmax_s16", types=("s16",))
_OUTPUTS = {
    (DType.INT8, DType.INT8): (1 / 256, -128, 0.0),
    (DType.INT8, DType.INT16): (1 / 65536, -32768, 1e-3),
    (DType.INT16, DType.INT16): (1 / 32768, 0, 1e-3),
}
"""Output scale, zero point, and how far off the scale may be, by the types."""
_MAX_DEPTH = 4095
"""More exponentials of 1 overflow the Q12.19 in which they are summed."""


def types(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The types must be int8 to int8 or int16, or int16 to int16"""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    if (x.dtype, y.dtype) in _OUTPUTS:
        return None
    return f"'{x.name}' is {x.dtype.value}, '{y.name}' is {y.dtype.value}"


def output_quantisation(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The output must have scale 1/256 and zero point -128; from int8 to int16 1/65536
    and -32768, on int16 1/32768 and 0
    """
    x, q = o.operand(graph, op, 0), o.quantization(o.result(graph, op))
    scale, zero_point, tolerance = _OUTPUTS[x.dtype, o.result(graph, op).dtype]
    if q.zero_point == zero_point and abs(q.scale - scale) <= tolerance * scale:
        return o.zero_point_detail(x) if x.dtype is DType.INT16 else None
    return f"scale {q.scale:g}, zero point {q.zero_point}"


def same_shape(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Input and output must have the same shape, of at least one dimension"""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    return None if x.shape == y.shape and x.shape else f"{list(x.shape)} and {list(y.shape)}"


def depth(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The last dimension must be at most 4095"""
    shape = o.operand(graph, op, 0).shape
    return f"it is {shape[-1]}" if shape and shape[-1] > _MAX_DEPTH else None


def scale_range(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Beta x input scale must be above 2^-26, on int16 below 2^16"""
    try:
        if o.operand(graph, op, 0).dtype is DType.INT16:
            _wide_factor(graph, op)
        else:
            _scaling(graph, op)
    except ValueError as error:
        return str(error)
    return None


def _scaling(graph: Graph, op: Op) -> SoftmaxScaling:
    return softmax_scaling(_beta(op), o.quantization(o.operand(graph, op, 0)).scale)


def _beta(op: Op) -> float:
    beta = op.options["beta"]
    if not isinstance(beta, float):
        raise ValueError(f"beta is {beta!r}")
    return beta


def _wide_factor(graph: Graph, op: Op) -> tuple[int, int]:
    """From differences of inputs to the table, which has 65535 steps from -10 to 0."""
    real = o.quantization(o.operand(graph, op, 0)).scale * _beta(op) / (10.0 / 65535.0)
    return factor(real)


def _lower_wide(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    multiplier, shift = _wide_factor(graph, op)
    double = options.exact_to == "litert"
    return o.layer(
        graph,
        op,
        _WIDE_REF,
        {
            "rows": x.elements // x.shape[-1],
            "depth": x.shape[-1],
            "multiplier": multiplier,
            "shift": shift,
            "exps": ConstArray("softmax", "exps", np.array(exp_table(double=double), np.int16)),
            "reciprocals": ConstArray(
                "softmax", "reciprocals", np.array(reciprocal_table(double=double), np.int16)
            ),
        },
        reads=(x,),
        writes=y,
    )


def lower(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """Tabulate the exponentials, unless so few are looked up that the table is a waste of flash."""
    if o.operand(graph, op, 0).dtype is DType.INT16:
        return _lower_wide(graph, op, options)
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    scaling = _scaling(graph, op)
    table = softmax_exp_table(scaling)
    kernel = _REF[y.dtype]
    exps: dict[str, ParamValue] = {"exps": ConstArray(x.name, "exps", np.array(table, np.int32))}
    few = x.elements * _ENTRIES_PER_ELEMENT[options.optimize] < len(table)
    if few and y.dtype is DType.INT8:
        kernel = _SERIES_REF
        exps = {"multiplier": scaling.multiplier, "left_shift": scaling.left_shift}
    return o.layer(
        graph,
        op,
        kernel,
        {
            "rows": x.elements // x.shape[-1],
            "depth": x.shape[-1],
            "differences": len(table),
            **exps,
        },
        reads=(x,),
        writes=y,
        # A row is read as a whole before it is written; wider outputs would reach later rows.
        order=every_element if y.dtype is DType.INT8 else None,
    )


SPEC = OpSpec(
    structure=(
        o.arity(1, 1),
        types,
        o.no_empty_tensor,
        o.computed(0, "input"),
        o.quantised(0),
    ),
    constraints=(output_quantisation, same_shape, depth, scale_range),
    lower=one_layer(lower),
)
