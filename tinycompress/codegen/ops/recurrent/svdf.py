"""SVDF on int8, with an int8 or int16 state that is kept between invocations."""

from __future__ import annotations

from math import prod

from tinycompress.codegen.layer import ConstArray, Kernel, Layer, ParamValue
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, one_layer
from tinycompress.codegen.ops.macs import input_shape
from tinycompress.codegen.ops.requantize import bias_values, is_within, wrapped_bias
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.arithmetic import float32, quantize_multiplier
from tinycompress.ir.graph import DType, Graph, Op

_INPUT, _FEATURE, _TIME, _BIAS, _STATE = range(5)
_REF = {
    DType.INT8: Kernel("recurrent", "svdf", "svdf_s8"),
    DType.INT16: Kernel("recurrent", "svdf", "svdf_s8", types=("s8", "s16")),
}
_BIAS_SCALE_TOLERANCE = 1e-5


def state_types(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Time weights and state must both be int8 or both int16; for litert, int16"""
    time, state = o.operand(graph, op, _TIME), o.operand(graph, op, _STATE)
    allowed = (DType.INT16,) if options.exact_to == "litert" else (DType.INT8, DType.INT16)
    if time.dtype is state.dtype and state.dtype in allowed:
        return None
    return f"'{time.name}' is {time.dtype.value}, '{state.name}' is {state.dtype.value}"


def variable_state(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The state must be a variable tensor"""
    state = o.operand(graph, op, _STATE)
    return None if state.is_variable else f"'{state.name}'"


def shapes(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Shapes must be input [N, I], weights [F, I] and [F, M], state [N, F M], output [N, F / R]"""
    x, feature, time, _, state = (o.operand(graph, op, p) for p in range(5))
    found = [list(t.shape) for t in (x, feature, time, state, o.result(graph, op))]
    rank = o.int_option(op, "rank")
    if any(len(shape) != 2 for shape in found) or rank < 1 or feature.shape[0] % rank:
        return f"{found}, rank {rank}"
    (batches, inputs), (filters, _), (_, memory) = x.shape, feature.shape, time.shape
    expected = [[batches, inputs], [filters, inputs], [filters, memory]]
    expected += [[batches, filters * memory], [batches, filters // rank]]
    return None if found == expected else f"{found}, rank {rank}"


def symmetric_weights(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Both weights and an int16 state must have zero point 0, and one scale"""
    checked = [o.operand(graph, op, _FEATURE), o.operand(graph, op, _TIME)]
    if o.operand(graph, op, _STATE).dtype is DType.INT16:
        checked.append(o.operand(graph, op, _STATE))
    wrong = [t for t in checked if o.quantization(t).zero_point]
    return ", ".join(f"'{t.name}' has {o.quantization(t).zero_point}" for t in wrong) or None


def unit_bias(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The bias must be a constant int32 vector with one element per output"""
    bias = o.operand(graph, op, _BIAS)
    if bias.is_constant and bias.dtype is DType.INT32:
        units = o.result(graph, op).shape[1]
        if bias.elements == units:
            return None
        return f"'{bias.name}' has {bias.elements} elements for {units} outputs"
    return f"'{bias.name}' is {'constant' if bias.is_constant else 'computed'} {bias.dtype.value}"


def bias_scale(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The bias must have one scale, state scale x time weight scale to within 1e-5"""
    bias = o.operand(graph, op, _BIAS)
    if bias.quantization is None or bias.quantization.per_channel:
        return f"'{bias.name}'"
    state, time = (o.quantization(o.operand(graph, op, p)) for p in (_STATE, _TIME))
    expected = float32(state.scale * time.scale)
    if abs(bias.quantization.scale - expected) < _BIAS_SCALE_TOLERANCE:
        return None
    return f"{bias.quantization.scale:g}, expected {expected:g}"


def fused_relu(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The fused activation must be NONE or RELU; for litert, RELU"""
    activation = op.options["fused_activation_function"]
    allowed = ("RELU",) if options.exact_to == "litert" else ("NONE", "RELU")
    return None if activation in allowed else str(activation)


def scale_range(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Both rescaling factors must be below 2^30"""
    factors = _factors(graph, op, options)
    wrong = [real for real in factors if not is_within(real)]
    return f"{wrong[0]:g}" if wrong else None


def _factors(graph: Graph, op: Op, options: CodegenOptions) -> tuple[float, float]:
    """To the state and to the output: TFLM computes them in double precision, LiteRT in single."""
    tensors = [o.operand(graph, op, p) for p in (_INPUT, _FEATURE, _STATE, _TIME)]
    x, feature, state, time = (o.quantization(t).scale for t in tensors)
    y = o.quantization(o.result(graph, op)).scale
    if options.exact_to == "tflm":
        return x * feature / state, state * time / y
    return float32(float32(x * feature) / state), float32(float32(state * time) / y)


def lower(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """Compute the kernel's constants."""
    x, feature, time, bias, state = (o.operand(graph, op, p) for p in range(5))
    y, rank = o.result(graph, op), o.int_option(op, "rank")
    zero, inputs = o.quantization(x).zero_point, feature.shape[1]
    data = ConstArray.of_tensor(feature, "weights").data.reshape(-1, inputs)
    offsets = -zero * data.sum(axis=1, dtype="int64")
    multipliers = [quantize_multiplier(real) for real in _factors(graph, op, options)]
    params: dict[str, ParamValue] = {
        "batches": x.shape[0],
        "inputs": inputs,
        "units": y.shape[1],
        "rank": rank,
        "memory": time.shape[1],
        "state_zero_point": o.quantization(state).zero_point,
        "output_offset": o.quantization(y).zero_point,
        "state_multiplier": multipliers[0][0],
        "state_shift": multipliers[0][1],
        "output_multiplier": multipliers[1][0],
        "output_shift": multipliers[1][1],
        "feature_weights": ConstArray.of_tensor(feature, "weights"),
        "feature_offsets": wrapped_bias(feature.name, offsets),
        "time_weights": ConstArray.of_tensor(time, "weights"),
        "bias": wrapped_bias(bias.name, bias_values(bias, y.shape[1])),
    }
    return Layer(
        op=op,
        name=graph.layer_name(op),
        kernel=_REF[state.dtype],
        params=params,
        arguments=(o.argument(x), o.argument(state, written=True), o.argument(y, written=True)),
        output_shape=y.shape,
        shapes=o.shape_text(x, feature, time, y),
        macs=x.shape[0] * feature.shape[0] * (inputs + time.shape[1]),
    )


def macs(graph: Graph, op: Op) -> int:
    """Both products of one step: with the features' weights and with those of time."""
    batch, _ = input_shape(graph, op, 0, "input", (2,))
    features = prod(input_shape(graph, op, 1, "feature weights", (2,)))
    times = prod(input_shape(graph, op, 2, "time weights", (2,)))
    return batch * (features + times)


SPEC = OpSpec(
    structure=(
        o.arity(5, 5),
        o.int8_tensors(_INPUT, _FEATURE),
        o.no_empty_tensor,
        o.computed(_INPUT, "input"),
        o.constant(_FEATURE, "feature weights"),
        o.constant(_TIME, "time weights"),
        variable_state,
        state_types,
        o.quantised(_INPUT, _FEATURE, _TIME, _STATE),
        shapes,
        unit_bias,
    ),
    constraints=(symmetric_weights, bias_scale, fused_relu, scale_range),
    lower=one_layer(lower),
    macs=macs,
)
