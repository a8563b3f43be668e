"""ADD on int8 or int16, with broadcasting; on int32 modulo 2^32.

LiteRT adds int16 in another way where the option ``pot_scale_int16`` is set and all scales are
powers of two.
"""

from __future__ import annotations

from collections.abc import Iterator

from tinycompress.codegen.layer import Kernel, Layer, ParamValue
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, Steps, alternatives
from tinycompress.codegen.ops.elementwise.add_dsp import dsp_variants
from tinycompress.codegen.ops.elementwise.add_plane import plane_variant
from tinycompress.codegen.ops.elementwise.broadcast import broadcast_shape, merged_broadcast
from tinycompress.codegen.ops.elementwise.whole import also_whole
from tinycompress.codegen.options import CodegenOptions, CoreFamily
from tinycompress.codegen.overlap import every_element
from tinycompress.ir.arithmetic import ADD_LEFT_SHIFT, ADD_LEFT_SHIFT_INT16, add_scaling
from tinycompress.ir.fixed_point import log2_if_whole
from tinycompress.ir.graph import Graph, Op

_REF = Kernel("elementwise/add", "add", "add_s8")
_BROADCAST_REF = Kernel("elementwise/add", "add", "add_broadcast_s8", variant="broadcast")


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


def left_shift_of(graph: Graph, op: Op) -> int:
    """Bits by which both inputs of an ADD or SUB are shifted left before they are scaled."""
    return ADD_LEFT_SHIFT_INT16 if o.is_wide(graph, op) else ADD_LEFT_SHIFT


def general_scales(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """For litert, scales of int16 must not all be powers of two with pot_scale_int16 set"""
    if options.exact_to != "litert" or not o.is_wide(graph, op):
        return None
    tensors = (o.operand(graph, op, 0), o.operand(graph, op, 1), o.result(graph, op))
    scales = [o.quantization(tensor).scale for tensor in tensors]
    if not op.options["pot_scale_int16"] or None in map(log2_if_whole, scales):
        return None
    return ", ".join(f"{scale:g}" for scale in scales)


def scale_range(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The output scale must be above 2^-19 (int16: 2^-14) of the larger input scale"""
    try:
        _scaling(graph, op)
    except ValueError as error:
        return str(error)
    return None


def _scaling(graph: Graph, op: Op) -> dict[str, ParamValue]:
    a, b = o.quantization(o.operand(graph, op, 0)), o.quantization(o.operand(graph, op, 1))
    y = o.quantization(o.result(graph, op))
    scaling = add_scaling(a.scale, b.scale, y.scale, left_shift_of(graph, op))
    low, high = o.clamp_range(graph, op)
    return {
        "offset_1": -a.zero_point,
        "multiplier_1": scaling.input1[0],
        "shift_1": scaling.input1[1],
        "offset_2": -b.zero_point,
        "multiplier_2": scaling.input2[0],
        "shift_2": scaling.input2[1],
        "output_offset": y.zero_point,
        "output_multiplier": scaling.output[0],
        "output_shift": scaling.output[1],
        "clamp_min": low,
        "clamp_max": high,
    }


def lower(graph: Graph, op: Op, options: CodegenOptions) -> tuple[Steps, ...]:
    """List the kernels for the inputs' types and shapes and compute their constants."""
    if o.is_wide(graph, op):
        return alternatives([_lower_wide(graph, op)])
    a, b, y = o.operand(graph, op, 0), o.operand(graph, op, 1), o.result(graph, op)
    shape: dict[str, ParamValue]
    if a.elements == b.elements == y.elements:
        kernel, shape = _REF, {"count": y.elements}
    else:
        kernel, shape = _BROADCAST_REF, merged_broadcast(a.shape, b.shape).params()
    reference = o.layer(
        graph,
        op,
        kernel,
        {**shape, **{f"scaling.{k}": v for k, v in _scaling(graph, op).items()}},
        reads=(
            a,
            b,
        ),
        writes=y,
        order=every_element if kernel is _REF else None,
    )
    fast = _fast_variants(graph, op, reference, options.family) if kernel is _REF else ()
    return alternatives((*fast, reference))


def _fast_variants(graph: Graph, op: Op, reference: Layer, family: CoreFamily) -> Iterator[Layer]:
    """The layer by each fast kernel of the core that can compute it."""
    plane = plane_variant(graph, op, reference, family)
    if plane is not None:
        yield plane
    if family != "thumb1":  # long products in an instruction
        yield from dsp_variants(graph, op, reference, family)


def _lower_wide(graph: Graph, op: Op) -> Layer:
    a, b, y = o.operand(graph, op, 0), o.operand(graph, op, 1), o.result(graph, op)
    return o.layer(
        graph,
        op,
        Kernel("elementwise/add", "add", "binary", types=("s16",)),
        {
            **merged_broadcast(a.shape, b.shape).params(),
            "left_shift": left_shift_of(graph, op),
            **_scaling(graph, op),
        },
        reads=(
            a,
            b,
        ),
        writes=y,
    )


_SCALED = OpSpec(
    structure=(
        o.arity(2, 2),
        o.activations(0, 1),
        o.no_empty_tensor,
        o.quantised(0, 1),
        one_computed,
        o.fused_activation,
    ),
    constraints=(output_shape, broadcast_rank, general_scales, scale_range),
    lower=lower,
    row_by_row=True,
)

SPEC = also_whole(_SCALED, "add")
