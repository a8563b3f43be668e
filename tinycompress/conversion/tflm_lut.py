"""Weights as indices into tables of few values, which TFLite Micro's DECODE looks up as it runs.

The file is written by the compression tool of the ``tflite-micro`` package; this module chooses the
tensors, and proves on that package's interpreter that no output byte changes.

DECODE as the package's runtime has it (``kernels/decode_state_lut.cc``) takes the number of tables
from the quantisation of the tensor that it writes, not from the file's own axis field: one table
for a per-tensor scale, one per channel for per-channel scales, along the first or the last
dimension, with 1 to 7 bits per index and at most 128 values per table.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress.artifacts import ConvertedModel, LutCompression, LutTensor
from tinycompress.errors import ModelError, ToolError
from tinycompress.ir.graph import Graph, Op, Tensor
from tinycompress.ir.random_inputs import random_inputs
from tinycompress.ir.reader import DECODE_CUSTOM_CODE, read_model
from tinycompress.oracle import Oracle

PROOF_SAMPLES = 8
"""How many random inputs must give the same outputs before and after."""

_MAX_INDEX_BITS = 7
_DCM_BYTES = 16
# Their kernels, stock and CMSIS-NN's alike, read the filter when the model runs; those of other
# operators may want their constants while tensors are allocated, when DECODE has not run yet.
_DECODABLE = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
_FILTER_INPUT = 1
# What the file grows by for each tensor, as measured on the tool's output: operator, two tensors
# and their buffers; then both new names and one more copy of the quantisation.
_TABLES_BYTES = 200
_NAME_SUFFIX_BYTES = 10
_SCALE_AND_ZERO_POINT_BYTES = 12
# What DECODE adds to firmware for a Cortex-M4 (GCC 12, upstream's release library with CMSIS-NN, of
# August 2026): 62,448 bytes without it, 75,160 with it and 6,096 less of weights.
_DECODE_CODE_BYTES = 18_808
_CLUSTER_HINT = (
    "weights with few distinct values come from clustering: tinycompress compress MODEL --recipe "
    "cluster16, then convert its result"
)


def compress_with_tables(converted: ConvertedModel) -> ConvertedModel:
    """The same model with the weights of few distinct values as tables and indices.

    Args:
        converted: An int8 model that TFLite Micro runs.

    Returns:
        The model with its new file and what it saved in ``lut``.

    Raises:
        ModelError: The file would not become smaller, is compressed already, or the interpreter
            refuses the result or gives other outputs.
        ToolError: The ``tflite-micro`` package has no such tool, or the tool failed.
    """
    graph = read_model(converted.tflite).main
    if any(op.custom_code == DECODE_CUSTOM_CODE for op in graph.ops):
        raise ModelError("the model has DECODE operators already; it was compressed before")
    chosen, reasons = _choose(graph)
    if not chosen:
        raise ModelError(
            "lookup tables would not make the model smaller", reasons=reasons, hint=_CLUSTER_HINT
        )
    tflite = _run_tool(converted.tflite, chosen)
    saved = len(converted.tflite) - len(tflite)
    if saved <= 0:
        raise ModelError(
            f"lookup tables would not make the model smaller: {len(tflite):,} bytes instead of "
            f"{len(converted.tflite):,}",
            hint=_CLUSTER_HINT,
        )
    _require_same_outputs(converted, tflite)
    return replace(
        converted,
        tflite=tflite,
        warnings=(*converted.warnings, *_code_warning(saved)),
        sha256=hashlib.sha256(tflite).hexdigest(),
        lut=LutCompression(
            before_bytes=len(converted.tflite),
            after_bytes=len(tflite),
            decoded_peak_bytes=max(one.before_bytes for one in chosen.values()),
            tensors=tuple(chosen.values()),
            proof_samples=PROOF_SAMPLES,
        ),
    )


def _code_warning(saved: int) -> tuple[str, ...]:
    """What the smaller file costs in code, if that is more than it saves."""
    if saved > _DECODE_CODE_BYTES:
        return ()
    return (
        f"the file is {saved:,} bytes smaller, but TFLM's DECODE operator takes about "
        f"{_DECODE_CODE_BYTES:,} bytes of code (measured on a Cortex-M4): the firmware grows",
    )


def _choose(graph: Graph) -> tuple[dict[int, LutTensor], tuple[str, ...]]:
    """Tensors that become smaller, by index, and why the others do not."""
    chosen: dict[int, LutTensor] = {}
    reasons = []
    for op in graph.ops:
        if op.kind not in _DECODABLE:
            continue
        index = op.inputs[_FILTER_INPUT]
        tensor = graph.tensors[index]
        where = f"layer '{graph.layer_name(op)}' ({op.kind})"
        refusal = _refusal(graph, op, tensor)
        if refusal is not None:
            reasons.append(f"{where}: {refusal}")
        elif index not in chosen:
            plan = _plan(tensor, graph.layer_name(op))
            if plan.bits <= _MAX_INDEX_BITS and _saves(plan, tensor):
                chosen[index] = plan
            else:
                reasons.append(f"{where}: {_why_not(plan)}")
    return chosen, tuple(reasons) or ("it has no convolution or dense layer",)


def _refusal(graph: Graph, op: Op, tensor: Tensor) -> str | None:
    """Why DECODE cannot make this filter, if it cannot."""
    if tensor.data is None or tensor.data.dtype != np.int8:
        return f"its weights are {tensor.dtype.value}, not constant int8"
    if tensor.quantization is None:
        return "its weights are not quantised"
    axis = tensor.quantization.axis
    if tensor.quantization.per_channel and axis not in (0, len(tensor.shape) - 1):
        return f"its scales lie along dimension {axis}; DECODE knows the first and the last"
    users = [
        (other, position)
        for other in graph.ops
        for position, used in enumerate(other.inputs)
        if used == tensor.index
    ]
    for other, position in users:
        if other.kind not in _DECODABLE or position != _FILTER_INPUT:
            return f"{other.kind} number {other.index} reads the same constant"
    return None


def _plan(tensor: Tensor, layer: str) -> LutTensor:
    assert tensor.data is not None
    tables = _slices(tensor)
    distinct = max(len(np.unique(values)) for values in tables)
    bits = max(1, (distinct - 1).bit_length())
    packed_bytes = (tensor.elements * bits + 7) // 8
    return LutTensor(
        layer=layer,
        distinct_values=distinct,
        bits=bits,
        tables=len(tables),
        before_bytes=tensor.elements,
        after_bytes=packed_bytes + _DCM_BYTES + len(tables) * distinct,
    )


def _slices(tensor: Tensor) -> Sequence[npt.NDArray[Any]]:
    """What each table serves: the whole tensor, or one channel."""
    assert tensor.data is not None and tensor.quantization is not None  # noqa: PT018
    if not tensor.quantization.per_channel:
        return [tensor.data]
    return list(np.moveaxis(tensor.data, tensor.quantization.axis, 0))


def _saves(plan: LutTensor, tensor: Tensor) -> bool:
    overhead_bytes = (
        _TABLES_BYTES
        + 2 * (len(tensor.name.encode()) + _NAME_SUFFIX_BYTES)
        + plan.tables * _SCALE_AND_ZERO_POINT_BYTES
    )
    return plan.before_bytes - plan.after_bytes > overhead_bytes


def _why_not(plan: LutTensor) -> str:
    of_what = "in its weights" if plan.tables == 1 else "in a channel of its weights"
    found = f"{plan.distinct_values} distinct values {of_what}"
    if plan.bits > _MAX_INDEX_BITS:
        return f"{found}; DECODE takes at most {1 << _MAX_INDEX_BITS}"
    return (
        f"{found}: {plan.after_bytes:,} bytes and the operator's own tables, instead of "
        f"{plan.before_bytes:,}"
    )


def _run_tool(tflite: bytes, chosen: dict[int, LutTensor]) -> bytes:
    try:
        from tflite_micro import compression
        from tflite_micro.tensorflow.lite.micro.compression import compressor, spec
    except ImportError as error:
        raise ToolError(
            f"the installed tflite-micro package has no compression tool: {error}",
            hint="pip install --upgrade tflite-micro",
        ) from error
    graph = read_model(tflite).main
    builder = compression.SpecBuilder()
    for index, plan in sorted(chosen.items()):
        quantization = graph.tensors[index].quantization
        assert quantization is not None
        mode = spec.PerChannel(quantization.axis) if plan.tables > 1 else spec.PerTensor()
        builder.add_tensor(0, index).with_lut(index_bitwidth=plan.bits, mode=mode)
    try:
        with warnings.catch_warnings():
            # The tool warns where it leaves a tensor out; the size that counts is checked below.
            warnings.simplefilter("ignore")
            return bytes(compression.compress(tflite, builder.build()))
    except (compressor.CompressionError, ValueError) as error:
        raise ToolError(f"tflite-micro's compression tool failed: {error}") from error


def _require_same_outputs(converted: ConvertedModel, tflite: bytes) -> None:
    """The proof: byte for byte the same outputs on TFLite Micro's interpreter."""
    before, after = Oracle(converted.tflite, "tflm"), Oracle(tflite, "tflm")
    try:
        inputs = random_inputs(read_model(converted.tflite).main, PROOF_SAMPLES)
        for number in range(PROOF_SAMPLES):
            sample = [array[number] for array in inputs]
            pairs = zip(before.run(*sample), after.run(*sample), strict=True)
            if not all(one.tobytes() == other.tobytes() for one, other in pairs):
                raise ModelError(
                    f"with lookup tables TFLite Micro gives other outputs (random input {number}):"
                    " its DECODE kernel does not compute what its compression tool wrote",
                    hint="build with --weights plain",
                )
    finally:
        before.close()
        after.close()
