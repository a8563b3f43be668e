"""FULLY_CONNECTED on int8 or int16, per tensor and per channel.

The two references round differently here: TFLM multiplies by a 31-bit multiplier with two
roundings, LiteRT multiplies by a double and rounds once, halves away from zero. The latter is done
in 64-bit integers, with a multiplier that is proved on the host to round alike everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import prod

import numpy as np

from tinycompress.codegen.layer import ConstArray, Kernel, Layer, ParamValue
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, Steps, alternatives
from tinycompress.codegen.ops.conv.mve import Product, pointwise_mve
from tinycompress.codegen.ops.conv.thumb1 import dense_windows, thumb1_layer
from tinycompress.codegen.ops.conv.wide_sums import stated_bias, wide_bias
from tinycompress.codegen.ops.dense import dense_wide, orders
from tinycompress.codegen.ops.dense.dense_fast import dense_layer, direct_layers
from tinycompress.codegen.ops.dense.encoded import DenseProblem, encoded_layers
from tinycompress.codegen.ops.macs import input_shape, output_elements
from tinycompress.codegen.ops.requantize import (
    bias_values,
    effective_scales,
    multiplier_arrays,
    too_large,
    wrapped_bias,
)
from tinycompress.codegen.options import CodegenOptions
from tinycompress.codegen.rounding.channels import channel_tables, folded_biases, shared_tables
from tinycompress.codegen.rounding.fitted_multiply import DoubleRounding, HalfAway, Staircase
from tinycompress.ir.arithmetic import (
    INT32_MAX,
    WideMultiplier,
    exact_wide_multiplier,
    quantize_multiplier,
)
from tinycompress.ir.graph import DType, Graph, Op

_REF = Kernel("dense", "fully_connected", "fully_connected_s8")
_PER_CHANNEL_REF = replace(_REF, variant="per_channel")
_HALF_AWAY_REF = replace(_REF, rounding="half_away")
_PER_CHANNEL_HALF_AWAY_REF = replace(_PER_CHANNEL_REF, rounding="half_away")
_RESULT_BOUND = 256
"""No rescaled sum beyond it survives the clamp to int8, whatever the zero point."""


def shapes_agree(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Input and output must be as many rows, of the weights' columns and of the weights' rows"""
    x, weights, y = o.operand(graph, op, 0), o.operand(graph, op, 1), o.result(graph, op)
    outputs, inputs = weights.shape
    rows = x.elements // inputs
    whole = x.elements % inputs == 0 and y.shape[-1:] == (outputs,)
    if whole and prod(y.shape[:-1]) == rows:
        return None
    return f"{list(x.shape)} times weights {list(weights.shape)} gives {list(y.shape)}"


def default_weights_format(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The weights must be in the default format"""
    found = op.options["weights_format"]
    return None if found == "DEFAULT" else str(found)


def weights_quantised(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Weights must be quantised per tensor, or along dimension 0 and of int16 with zero point 0"""
    weights = o.operand(graph, op, 1)
    q = weights.quantization
    if q is None:
        return f"'{weights.name}' is not quantised"
    if q.per_channel and (q.axis != 0 or any(q.zero_points)):
        return f"'{weights.name}' has scales along dimension {q.axis}, zero points not all 0"
    return o.zero_point_detail(weights) if o.is_wide(graph, op) else None


def bias_scale(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The bias scale must be the input scale x the weight scale, within 2 % of the output scale"""
    bias, weights = o.optional_operand(graph, op, 2), o.operand(graph, op, 1)
    q = o.quantization(weights)
    if bias is None or q.per_channel:
        return None
    expected = o.quantization(o.operand(graph, op, 0)).scale * q.scale
    found = bias.quantization.scales[0] if bias.quantization else 0.0
    if abs(expected - found) / o.quantization(o.result(graph, op)).scale <= 0.02:
        return None
    return f"'{bias.name}' has scale {found:g}, expected {expected:g}"


def scale_range(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Input scale x weight scale / output scale must be below 2^30"""
    if o.is_wide(graph, op):
        return dense_wide.scale_detail(graph, op, options)
    return too_large(_scales(graph, op))


def one_rounding(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """For litert, rescaled sums must fit int32, as beyond it LiteRT's kernel is undefined"""
    if options.exact_to != "litert":
        return None
    if o.is_wide(graph, op):
        return dense_wide.rounding_detail(graph, op)
    for scale, bound in zip(_scales(graph, op), _sum_bounds(graph, op), strict=True):
        if scale * bound > INT32_MAX - _RESULT_BOUND:
            return f"sums up to {bound} times {scale:g}"
        if exact_wide_multiplier(scale, bound, _RESULT_BOUND) is None:
            return f"{scale:g} has no integer equivalent"
    return None


def _scales(graph: Graph, op: Op) -> tuple[float, ...]:
    """One effective scale, or one per output."""
    x, weights, y = o.operand(graph, op, 0), o.operand(graph, op, 1), o.result(graph, op)
    return effective_scales(x, weights, y, 1)


def _sum_bounds(graph: Graph, op: Op) -> tuple[int, ...]:
    """Largest magnitude of the sums: one per output, or over all if there is one scale."""
    x, weights = o.operand(graph, op, 0), o.operand(graph, op, 1)
    q, zero_point = o.quantization(weights), o.quantization(x).zero_point
    data = np.asarray(weights.data, np.int64) - (0 if q.per_channel else q.zero_point)
    reach = max(127 - zero_point, 128 + zero_point)
    bias = np.abs(bias_values(o.optional_operand(graph, op, 2), weights.shape[0]))
    bounds = np.minimum(np.abs(data).sum(axis=1) * reach + bias, 2**31)
    return tuple(int(b) for b in bounds) if q.per_channel else (int(bounds.max()),)


def _wide(graph: Graph, op: Op) -> tuple[WideMultiplier, ...]:
    found = []
    for scale, bound in zip(_scales(graph, op), _sum_bounds(graph, op), strict=True):
        wide = exact_wide_multiplier(scale, bound, _RESULT_BOUND)
        if wide is None:
            raise ValueError(f"scale {scale} has no integer equivalent; see one_rounding")
        found.append(wide)
    return tuple(found)


def _requantisation(
    graph: Graph, op: Op, options: CodegenOptions
) -> tuple[Kernel, dict[str, ParamValue]]:
    """The kernel for the oracle's rounding, and its multipliers."""
    weights = o.operand(graph, op, 1)
    per_channel = o.quantization(weights).per_channel
    if options.exact_to == "litert":
        wide = _wide(graph, op)
        if not per_channel:
            return _HALF_AWAY_REF, {"multiplier": wide[0].multiplier, "shift": wide[0].shift}
        multipliers = np.array([w.multiplier for w in wide], np.int64)
        return _PER_CHANNEL_HALF_AWAY_REF, {
            "multipliers": ConstArray(weights.name, "multipliers", multipliers),
            "shifts": ConstArray(weights.name, "shifts", np.array([w.shift for w in wide], "i1")),
        }
    scales = _scales(graph, op)
    if per_channel:
        arrays = multiplier_arrays(weights.name, scales)
        return _PER_CHANNEL_REF, {"multipliers": arrays[0], "shifts": arrays[1]}
    multiplier, shift = quantize_multiplier(scales[0])
    return _REF, {"multiplier": multiplier, "shift": shift}


def lower(graph: Graph, op: Op, options: CodegenOptions) -> tuple[Steps, ...]:
    """List the kernels for the oracle's rounding and compute their constants."""
    if o.is_wide(graph, op):
        return alternatives([dense_wide.lower(graph, op, options)])
    x, weights, y = o.operand(graph, op, 0), o.operand(graph, op, 1), o.result(graph, op)
    outputs, inputs = weights.shape
    q = o.quantization(weights)
    kernel, requantisation = _requantisation(graph, op, options)
    low, high = o.clamp_range(graph, op)
    data = np.asarray(weights.data, np.int64) - (0 if q.per_channel else q.zero_point)
    bias = bias_values(o.optional_operand(graph, op, 2), outputs)
    bias = bias - o.quantization(x).zero_point * data.sum(axis=1)
    offset = {} if q.per_channel else {"weights_offset": -q.zero_point}
    params: dict[str, ParamValue] = {
        "batches": x.elements // inputs,
        "inputs": inputs,
        "outputs": outputs,
        **offset,
        "output_offset": o.quantization(y).zero_point,
        "clamp_min": low,
        "clamp_max": high,
        **requantisation,
        "weights": ConstArray.of_tensor(weights, "weights"),
        "bias": wrapped_bias(weights.name, bias),
    }
    reference = o.layer(
        graph,
        op,
        kernel,
        params,
        reads=(x,),
        writes=y,
        shown=(weights,),
        order=orders.outputs_of_rows,
        macs=y.elements * inputs,
    )
    return alternatives((*_fast_variants(graph, op, options, reference), reference))


def reference_stairs(graph: Graph, op: Op, options: CodegenOptions) -> list[Staircase]:
    """The reference's requantisation: one for all outputs, or one for each."""
    zero_point, limits = o.quantization(o.result(graph, op)).zero_point, o.clamp_range(graph, op)
    if options.exact_to == "litert":
        return [HalfAway(wide, zero_point, limits) for wide in _wide(graph, op)]
    pairs = [quantize_multiplier(scale) for scale in _scales(graph, op)]
    return [DoubleRounding(*pair, zero_point, limits) for pair in pairs]


def _fast_variants(
    graph: Graph, op: Op, options: CodegenOptions, reference: Layer
) -> Iterator[Layer]:
    """The layer by the fast kernel of the core, if that computes it exactly."""
    x, weights = o.operand(graph, op, 0), o.operand(graph, op, 1)
    q = o.quantization(weights)
    if not q.per_channel and q.zero_point != 0:
        return
    rows = np.asarray(weights.data, np.int64)
    biases = bias_values(o.optional_operand(graph, op, 2), weights.shape[0])
    biases = folded_biases(rows, biases, o.quantization(x).zero_point)
    stairs = reference_stairs(graph, op, options)
    if len(stairs) == 1:
        tables = shared_tables(stairs[0], rows, biases)
    else:
        tables = channel_tables(stairs, rows, biases)
    if tables is None:
        return
    low, high = o.clamp_range(graph, op)
    common: dict[str, ParamValue] = {
        "doubled_zero_point": 2 * o.quantization(o.result(graph, op)).zero_point + 1,
        "clamp_min": low,
        "clamp_max": high,
    }
    problem = DenseProblem(reference, weights.name, rows, tables, common)
    if options.family == "thumb1":
        batches = o.result(graph, op).elements // len(rows)
        windows = dense_windows(batches, rows.shape[1], len(rows))
        small = thumb1_layer(reference, weights.name, rows, tables, windows, common)
        if small is not None:
            yield small
        yield from encoded_layers(problem, reference if small is None else small, options)
        return
    if options.family == "mve":
        zero_point = o.quantization(o.result(graph, op)).zero_point
        product = Product(reference, weights.name, rows, tables, zero_point, (low, high))
        if product.fits:
            yield pointwise_mve(product)
    fast = dense_layer(reference, weights.name, rows, tables, common, options.family)
    yield from (fast, *direct_layers(fast), *encoded_layers(problem, fast, options))


def macs(graph: Graph, op: Op) -> int:
    """Every output is a sum over a row of weights."""
    _, depth = input_shape(graph, op, 1, "weights", (2,))
    return output_elements(graph, op) * depth


SPEC = OpSpec(
    structure=(
        o.arity(2, 3),
        o.activations(0),
        o.int8_weights(1),
        o.rank(1, 2, 2, "weights"),
        o.no_empty_tensor,
        o.constant(1, "weights"),
        o.computed(0, "input"),
        o.quantised(0),
        weights_quantised,
        default_weights_format,
        o.int32_bias(2, channels_of=1, axis=0),
        wide_bias(2, 1, 0, DType.INT32, DType.INT64),
    ),
    constraints=(
        stated_bias,
        shapes_agree,
        bias_scale,
        scale_range,
        one_rounding,
        o.fused_activation,
    ),
    lower=lower,
    macs=macs,
)
