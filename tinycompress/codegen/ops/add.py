"""ADD on int8, with broadcasting."""

from __future__ import annotations

from tinycompress.codegen.chooser import choose
from tinycompress.codegen.layer import Kernel, Layer, ParamValue
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.add_dsp import dsp_variants
from tinycompress.codegen.ops.base import OpSpec
from tinycompress.codegen.ops.broadcast import broadcast_shape, merged_broadcast
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.arithmetic import add_scaling
from tinycompress.ir.graph import Graph, Op

_REF = Kernel("add_s8_ref", "add_s8")
_BROADCAST_REF = Kernel("add_s8_broadcast_ref", "add_s8_broadcast")


def one_computed(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """At least one input must not be constant"""
    a, b = o.operand(graph, op, 0), o.operand(graph, op, 1)
    return f"'{a.name}' and '{b.name}'" if a.is_constant and b.is_constant else None


def output_shape(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The output's shape must be that of the inputs, broadcast against each other"""
    a, b, y = o.operand(graph, op, 0), o.operand(graph, op, 1), o.result(graph, op)
    if broadcast_shape(a.shape, b.shape) == y.shape:
        return None
    return f"{list(a.shape)} and {list(b.shape)} give {list(y.shape)}"


def broadcast_rank(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Inputs of different shapes must have at most 4 dimensions"""
    a, b = o.operand(graph, op, 0), o.operand(graph, op, 1)
    if a.shape == b.shape or max(len(a.shape), len(b.shape)) <= 4:
        return None
    return f"{list(a.shape)} and {list(b.shape)}"


def scale_range(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The output scale must be above 2^-19 of the larger input scale"""
    try:
        _scaling(graph, op)
    except ValueError as error:
        return str(error)
    return None


def _scaling(graph: Graph, op: Op) -> dict[str, ParamValue]:
    a, b = o.quantization(o.operand(graph, op, 0)), o.quantization(o.operand(graph, op, 1))
    y = o.quantization(o.result(graph, op))
    scaling = add_scaling(a.scale, b.scale, y.scale)
    low, high = o.clamp_range(graph, op)
    return {
        "scaling.offset_1": -a.zero_point,
        "scaling.multiplier_1": scaling.input1[0],
        "scaling.shift_1": scaling.input1[1],
        "scaling.offset_2": -b.zero_point,
        "scaling.multiplier_2": scaling.input2[0],
        "scaling.shift_2": scaling.input2[1],
        "scaling.output_offset": y.zero_point,
        "scaling.output_multiplier": scaling.output[0],
        "scaling.output_shift": scaling.output[1],
        "scaling.clamp_min": low,
        "scaling.clamp_max": high,
    }


def lower(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """Choose the kernel by the inputs' shapes and compute its constants."""
    a, b, y = o.operand(graph, op, 0), o.operand(graph, op, 1), o.result(graph, op)
    shape: dict[str, ParamValue]
    if a.elements == b.elements == y.elements:
        kernel, shape = _REF, {"count": y.elements}
    else:
        kernel, merged = _BROADCAST_REF, merged_broadcast(a.shape, b.shape)
        shape = {f"size_{i}": size for i, size in enumerate(merged.sizes)}
        shape |= {f"stride_1_{i}": stride for i, stride in enumerate(merged.strides_1)}
        shape |= {f"stride_2_{i}": stride for i, stride in enumerate(merged.strides_2)}
    reference = Layer(
        op=op,
        name=graph.layer_name(op),
        kernel=kernel,
        params={**shape, **_scaling(graph, op)},
        arguments=(o.argument(a), o.argument(b), o.argument(y, written=True)),
        output_shape=y.shape,
        shapes=o.shape_text(a, b, y),
    )
    multiplies = options.family != "thumb1"  # long products in an instruction
    fast = dsp_variants(graph, op, reference) if multiplies and kernel is _REF else ()
    return choose((*fast, reference), options)


SPEC = OpSpec(
    structure=(
        o.arity(2, 2),
        o.int8_tensors(0, 1),
        o.no_empty_tensor,
        o.quantised(0, 1),
        one_computed,
        o.fused_activation,
    ),
    constraints=(output_shape, broadcast_rank, scale_range),
    lower=lower,
)
