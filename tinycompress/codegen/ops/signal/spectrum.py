"""SignalWindow, SignalFftAutoScale, SignalRfft, SignalEnergy: from samples to energies."""

from __future__ import annotations

from dataclasses import replace

from tinycompress.codegen.layer import ConstArray, Kernel, Layer, ParamValue
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, Steps, alternatives, one_layer
from tinycompress.codegen.ops.signal.common import (
    SHIFTS_32,
    elementwise,
    known_options,
    only_tflm,
    same_size,
    types,
    within,
)
from tinycompress.codegen.options import CodegenOptions
from tinycompress.codegen.overlap import every_element
from tinycompress.ir.graph import DType, Graph, Op
from tinycompress.ir.signal import INT16_TYPE, signal_options
from tinycompress.ir.signal_arithmetic import split_roots, transform_roots

_WINDOW = Kernel("signal", "signal_window", "signal_window", types=("s16",))
_AUTO_SCALE = Kernel("signal", "signal_fft_auto_scale", "signal_fft_auto_scale", types=("s16",))
_RFFT = Kernel("signal", "signal_rfft", "signal_rfft", types=("s16",))
_RFFT_DSP = replace(_RFFT, family="dsp")
_ENERGY = Kernel("signal", "signal_energy", "signal_energy", types=("s16",))

MAX_FFT_LENGTH = 2**15
_MIN_FFT_LENGTH = 4


# --- SignalWindow ---------------------------------------------------------------------------------


def whole_frames(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Input and output must have one shape, of frames as long as the window, which is a vector"""
    x, window, y = o.operand(graph, op, 0), o.operand(graph, op, 1), o.result(graph, op)
    if x.shape == y.shape and x.shape[-1:] == window.shape:
        return None
    return f"{list(x.shape)} by {list(window.shape)} to {list(y.shape)}"


def lower_window(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """The window stays in flash."""
    x, window, y = o.operand(graph, op, 0), o.operand(graph, op, 1), o.result(graph, op)
    return o.layer(
        graph,
        op,
        _WINDOW,
        {
            "frames": x.elements // window.elements,
            "size": window.elements,
            "shift": signal_options(op)["shift"],
            "window": ConstArray.of_tensor(window, "window"),
        },
        reads=(x,),
        writes=y,
        shown=(window,),
        order=every_element,
    )


WINDOW = OpSpec(
    structure=(
        o.arity(2, 2),
        types((DType.INT16, DType.INT16), (DType.INT16,)),
        o.no_empty_tensor,
        o.computed(0, "input"),
        o.constant(1, "window"),
        known_options("SignalWindow"),
        whole_frames,
    ),
    constraints=(only_tflm, within("shift", SHIFTS_32)),
    lower=one_layer(lower_window),
)


# --- SignalFftAutoScale ---------------------------------------------------------------------------


def one_shift(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The second output must be a scalar"""
    shape = graph.tensors[op.outputs[1]].shape
    return f"it has shape {list(shape)}" if shape else None


def lower_auto_scale(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """Two outputs: the samples, and by how many bits they were shifted."""
    x, y, bits = o.operand(graph, op, 0), *(graph.tensors[index] for index in op.outputs)
    return Layer(
        op=op,
        name=graph.layer_name(op),
        kernel=_AUTO_SCALE,
        params={"count": x.elements},
        arguments=(o.argument(x), o.argument(y, written=True), o.argument(bits, written=True)),
        output_shape=y.shape,
        shapes=o.shape_text(x, y),
    )


AUTO_SCALE = OpSpec(
    structure=(
        o.arity(1, 1, outputs=2),
        types((DType.INT16,), (DType.INT16, DType.INT32)),
        o.no_empty_tensor,
        o.computed(0, "input"),
        same_size(0),
    ),
    constraints=(only_tflm, one_shift),
    lower=one_layer(lower_auto_scale),
)


# --- SignalRfft -----------------------------------------------------------------------------------


def on_int16(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The option T must be 7, int16"""
    found = signal_options(op)["T"]
    return None if found == INT16_TYPE else f"it is {found}"


def power_of_two(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The option fft_length must be a power of two within 4 to 32768"""
    length = signal_options(op)["fft_length"]
    if _MIN_FFT_LENGTH <= length <= MAX_FFT_LENGTH and length & (length - 1) == 0:
        return None
    return f"it is {length}"


def spectrum_shape(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Frames must have at most fft_length samples, spectra fft_length + 2 numbers"""
    x, y = o.operand(graph, op, 0).shape, o.result(graph, op).shape
    length = signal_options(op)["fft_length"]
    if x and y and x[:-1] == y[:-1] and x[-1] <= length and y[-1] == length + 2:
        return None
    return f"{list(x)} to {list(y)}, fft_length {length}"


def lower_rfft(graph: Graph, op: Op, options: CodegenOptions) -> tuple[Steps, ...]:
    """The kernels of the core, the fastest first."""
    reference = _lower_rfft(graph, op)
    if options.family not in ("dsp", "mve"):
        return alternatives([reference])
    return alternatives([replace(reference, kernel=_RFFT_DSP), reference])


def _lower_rfft(graph: Graph, op: Op) -> Layer:
    """Roots of unity are in flash; the transform works in its output."""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    points = signal_options(op)["fft_length"] // 2
    return o.layer(
        graph,
        op,
        _RFFT,
        {
            "frames": x.elements // x.shape[-1],
            "samples": x.shape[-1],
            "log2_points": points.bit_length() - 1,
            "roots": ConstArray(y.name, "roots", transform_roots(points).reshape(-1)),
            "split_roots": ConstArray(y.name, "split_roots", split_roots(points).reshape(-1)),
        },
        reads=(x,),
        writes=y,
    )


RFFT = OpSpec(
    structure=(
        o.arity(1, 1),
        known_options("SignalRfft"),
        on_int16,
        types((DType.INT16,), (DType.INT16,)),
        o.no_empty_tensor,
        o.computed(0, "input"),
        power_of_two,
        spectrum_shape,
    ),
    constraints=(only_tflm,),
    lower=lower_rfft,
)


# --- SignalEnergy ---------------------------------------------------------------------------------


def pairs(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The input must be a vector of twice as many numbers as the output, which is one, too"""
    x, y = o.operand(graph, op, 0).shape, o.result(graph, op).shape
    return None if len(y) == 1 and x == (2 * y[0],) else f"{list(x)} to {list(y)}"


def range_of_output(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Indices from start_index to end_index must be within the output"""
    chosen, size = signal_options(op), o.result(graph, op).elements
    begin, end = chosen["start_index"], chosen["end_index"]
    return None if 0 <= begin <= end <= size else f"{begin} to {end} of {size}"


def lower_energy(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """What the runtime leaves unwritten is 0."""
    chosen = signal_options(op)
    params: dict[str, ParamValue] = {"begin": chosen["start_index"], "end": chosen["end_index"]}
    return elementwise(graph, op, _ENERGY, params, (o.operand(graph, op, 0),), every_element)


ENERGY = OpSpec(
    structure=(
        o.arity(1, 1),
        types((DType.INT16,), (DType.UINT32,)),
        o.no_empty_tensor,
        o.computed(0, "input"),
        known_options("SignalEnergy"),
        pairs,
        range_of_output,
    ),
    constraints=(only_tflm,),
    lower=one_layer(lower_energy),
)
