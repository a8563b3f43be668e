"""SignalFilterBank and its -SquareRoot, -SpectralSubtraction, -Log; SignalPCAN: to features."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tinycompress.codegen.layer import ConstArray, Kernel, Layer, ParamValue
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, one_layer
from tinycompress.codegen.ops.signal.common import (
    SHIFTS_32,
    SHIFTS_64,
    elementwise,
    known_options,
    only_tflm,
    same_size,
    types,
    within,
)
from tinycompress.codegen.options import CodegenOptions
from tinycompress.codegen.overlap import every_element
from tinycompress.ir.graph import DType, Graph, Op, Tensor
from tinycompress.ir.signal import signal_options
from tinycompress.ir.signal_arithmetic import GAINS, log_excess

_BANK = Kernel("signal", "signal_filter_bank", "signal_filter_bank", types=("u32",))
_ROOT = Kernel(
    "signal", "signal_filter_bank_square_root", "signal_filter_bank_square_root", types=("u64",)
)
_SUBTRACTION = Kernel(
    "signal",
    "signal_filter_bank_spectral_subtraction",
    "signal_filter_bank_spectral_subtraction",
    types=("u32",),
)
_PCAN = Kernel("signal", "signal_pcan", "signal_pcan", types=("u32",))
_LOG = Kernel("signal", "signal_filter_bank_log", "signal_filter_bank_log", types=("u32",))

_INPUT, _WEIGHTS, _UNWEIGHTS, _STARTS, _WEIGHT_STARTS, _WIDTHS = range(6)

Int16s = npt.NDArray[np.int16]


# --- SignalFilterBank -----------------------------------------------------------------------------


def one_output_per_channel(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The input must be a vector; num_channels must be the size of the output, a vector"""
    x, y = o.operand(graph, op, _INPUT).shape, o.result(graph, op).shape
    channels = signal_options(op)["num_channels"]
    if len(x) == 1 and y == (channels,):
        return None
    return f"{list(x)} to {list(y)}, num_channels {channels}"


def bands_within(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """There must be num_channels + 1 bands, within the input and within the weights"""
    x, *tables = (o.operand(graph, op, position) for position in range(6))
    weights, unweights, starts, weight_starts, widths = map(_values, tables)
    bands = o.result(graph, op).elements + 1
    if not starts.size == weight_starts.size == widths.size == bands:
        return f"{starts.size}, {weight_starts.size} and {widths.size} for {bands} bands"
    least = min(int(table.min()) for table in (starts, weight_starts, widths))
    ends = starts.astype(np.int64) + widths, weight_starts.astype(np.int64) + widths
    inside = ends[0].max() <= x.elements and ends[1].max() <= min(weights.size, unweights.size)
    if least >= 0 and inside:
        return None
    return (
        f"from {least}, to {ends[0].max()} of {x.elements}, to {ends[1].max()} of"
        f" {min(weights.size, unweights.size)} weights"
    )


def lower_bank(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """Weights that are 0 on either side of a band are left out."""
    x, *tables = (o.operand(graph, op, position) for position in range(6))
    y = o.result(graph, op)
    weights, unweights, starts, weight_starts, widths = map(_values, tables)
    bands = [
        _trimmed(int(start), weights[at : at + width], unweights[at : at + width])
        for start, at, width in zip(starts, weight_starts, widths, strict=True)
    ]
    begins, kept, others = zip(*bands, strict=True)
    return o.layer(
        graph,
        op,
        _BANK,
        {
            "channels": y.elements,
            "starts": ConstArray(tables[2].name, "starts", np.array(begins, np.uint16)),
            "widths": ConstArray(
                tables[4].name, "widths", np.array([len(band) for band in kept], np.uint16)
            ),
            "weights": ConstArray(tables[0].name, "weights", _never_empty(kept)),
            "unweights": ConstArray(tables[1].name, "unweights", _never_empty(others)),
        },
        reads=(x,),
        writes=y,
        shown=tuple(tables),
    )


def _values(table: Tensor) -> Int16s:
    return ConstArray.of_tensor(table, "data").data


def _trimmed(start: int, weights: Int16s, unweights: Int16s) -> tuple[int, Int16s, Int16s]:
    """The first frequency of a band, and its weights, without those at the ends that are 0."""
    found = np.flatnonzero((weights != 0) | (unweights != 0))
    first, end = (int(found[0]), int(found[-1]) + 1) if found.size else (0, 0)
    return start + first, weights[first:end], unweights[first:end]


def _never_empty(parts: tuple[Int16s, ...]) -> Int16s:
    """All parts, one after the other; C has no arrays without elements."""
    joined = np.concatenate(parts)
    return joined if joined.size else np.zeros(1, np.int16)


BANK = OpSpec(
    structure=(
        o.arity(6, 6),
        types((DType.UINT32, *[DType.INT16] * 5), (DType.UINT64,)),
        o.no_empty_tensor,
        o.computed(_INPUT, "input"),
        o.constant(_WEIGHTS, "weights"),
        o.constant(_UNWEIGHTS, "weights for the next channel"),
        o.constant(_STARTS, "first frequencies"),
        o.constant(_WEIGHT_STARTS, "first weights"),
        o.constant(_WIDTHS, "widths"),
        known_options("SignalFilterBank"),
        one_output_per_channel,
        bands_within,
    ),
    constraints=(only_tflm,),
    lower=one_layer(lower_bank),
)


# --- SignalFilterBankSquareRoot -------------------------------------------------------------------


def one_shift(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The second input must be a scalar"""
    shape = o.operand(graph, op, 1).shape
    return f"it has shape {list(shape)}" if shape else None


def lower_root(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """The kernel reads the shift before it writes anything."""
    reads = o.operand(graph, op, 0), o.operand(graph, op, 1)
    return elementwise(graph, op, _ROOT, {}, reads, every_element)


ROOT = OpSpec(
    structure=(
        o.arity(2, 2),
        types((DType.UINT64, DType.INT32), (DType.UINT32,)),
        o.no_empty_tensor,
        o.computed(0, "input"),
        same_size(0),
    ),
    constraints=(only_tflm, one_shift),
    lower=one_layer(lower_root),
)


# --- SignalFilterBankSpectralSubtraction ----------------------------------------------------------


def one_channel_each(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The option num_channels must be the size of the input"""
    channels, size = signal_options(op)["num_channels"], o.operand(graph, op, 0).elements
    return None if channels == size else f"it is {channels} for {size}"


def lower_subtraction(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """The estimate is kept as state and given as the second output."""
    x, state = o.operand(graph, op, 0), o.operand(graph, op, 1)
    y, noise = (graph.tensors[index] for index in op.outputs)
    chosen = signal_options(op)
    return Layer(
        op=op,
        name=graph.layer_name(op),
        kernel=_SUBTRACTION,
        params={
            "channels": x.elements,
            "bits": chosen["spectral_subtraction_bits"],
            "smoothing_bits": chosen["smoothing_bits"],
            "smoothing_even": chosen["smoothing"],
            "keeping_even": chosen["one_minus_smoothing"],
            "smoothing_odd": chosen["alternate_smoothing"],
            "keeping_odd": chosen["alternate_one_minus_smoothing"],
            "least": chosen["min_signal_remaining"],
            "clamping": int(chosen["clamping"] != 0),
        },
        arguments=(
            o.argument(x),
            *(o.argument(tensor, written=True) for tensor in (state, y, noise)),
        ),
        output_shape=y.shape,
        shapes=o.shape_text(x, y),
    )


SUBTRACTION = OpSpec(
    structure=(
        # The state is an operand that `resolve_state` adds.
        o.arity(1, 2, outputs=2),
        types((DType.UINT32, DType.UINT32), (DType.UINT32, DType.UINT32)),
        o.no_empty_tensor,
        o.computed(0, "input"),
        known_options("SignalFilterBankSpectralSubtraction"),
        same_size(0, outputs=(0, 1)),
        one_channel_each,
    ),
    constraints=(
        only_tflm,
        within("smoothing_bits", SHIFTS_32),
        within("spectral_subtraction_bits", SHIFTS_64),
    ),
    lower=one_layer(lower_subtraction),
)


# --- SignalPCAN -----------------------------------------------------------------------------------


def gain_table(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The table of gains must be a vector of at least 125"""
    shape = o.operand(graph, op, 2).shape
    return None if len(shape) == 1 and shape[0] >= GAINS else f"it has shape {list(shape)}"


def lower_pcan(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """The table stays in flash."""
    gains = o.operand(graph, op, 2)
    params: dict[str, ParamValue] = {
        "snr_shift": signal_options(op)["snr_shift"],
        "gains": ConstArray.of_tensor(gains, "gains"),
    }
    reads = o.operand(graph, op, 0), o.operand(graph, op, 1)
    return elementwise(graph, op, _PCAN, params, reads, every_element)


PCAN = OpSpec(
    structure=(
        o.arity(3, 3),
        types((DType.UINT32, DType.UINT32, DType.INT16), (DType.UINT32,)),
        o.no_empty_tensor,
        o.computed(0, "input"),
        o.computed(1, "estimate of the noise"),
        o.constant(2, "table of gains"),
        known_options("SignalPCAN"),
        same_size(0, 1),
        gain_table,
    ),
    constraints=(only_tflm, within("snr_shift", SHIFTS_64)),
    lower=one_layer(lower_pcan),
)


# --- SignalFilterBankLog --------------------------------------------------------------------------


def lower_log(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """The logarithm's table is the same for all models."""
    chosen = signal_options(op)
    params: dict[str, ParamValue] = {
        "correction_bits": chosen["input_correction_bits"],
        "scale": chosen["output_scale"],
        "excess": ConstArray(o.result(graph, op).name, "log2", log_excess()),
    }
    reads = (o.operand(graph, op, 0),)
    return elementwise(graph, op, _LOG, params, reads, every_element)


LOG = OpSpec(
    structure=(
        o.arity(1, 1),
        types((DType.UINT32,), (DType.INT16,)),
        o.no_empty_tensor,
        o.computed(0, "input"),
        known_options("SignalFilterBankLog"),
        same_size(0),
    ),
    constraints=(only_tflm, within("input_correction_bits", SHIFTS_32)),
    lower=one_layer(lower_log),
)
