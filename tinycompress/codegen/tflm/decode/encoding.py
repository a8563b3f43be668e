"""A model with encoded weights for TensorFlow Lite Micro's DECODE, proven on its interpreter.

Upstream has an encoder for lookup tables alone. The three of `METHODS` are our own, written after
the decoders, which every TFLM with DECODE has.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import get_args

from tinycompress.artifacts import (
    ConvertedModel,
    EncodedTensor,
    TflmCompression,
    TflmEncoding,
    TflmMethod,
)
from tinycompress.codegen.tflm.decode.format import Encoded, Filter
from tinycompress.codegen.tflm.decode.methods import METHODS
from tinycompress.codegen.tflm.decode.rewriting import Rewriter
from tinycompress.errors import ConfigError, ModelError, ToolError
from tinycompress.ir.graph import DType, Graph, Op, Tensor
from tinycompress.ir.random_inputs import random_inputs
from tinycompress.ir.reader import DECODE_CUSTOM_CODE, read_model
from tinycompress.oracle import Oracle

PROOF_SAMPLES = 8
"""How many random inputs must give the same outputs before and after."""

DECODE_CODE_BYTES = 18_808
"""Flash that DECODE takes with all its decoders, which are linked whichever are used.

Measured on a Cortex-M4 (GCC 12, upstream's release library with CMSIS-NN, of August 2026): firmware
of 62,448 bytes without it has 75,160 with it and 6,096 less of weights. An estimate for other cores
and other builds of the library.
"""

_DECODABLE = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
"""Their kernels, stock and CMSIS-NN's alike, read the filter when the model runs; those of other
operators may want their constants while tensors are allocated, when DECODE has not run yet."""
_FILTER_INPUT = 1
_OPERATOR_BYTES = 128
"""What the file grows by for each filter beside the data: an operator, two tensors, a buffer."""
_ALIGNMENT_BYTES = 16
_HINT = (
    "few distinct values come from clustering, zeros from pruning: tinycompress compress MODEL "
    "--recipe cluster16, then convert its result"
)


@dataclass(frozen=True)
class Choice:
    """A filter that becomes smaller."""

    layer: str
    before_bytes: int
    encoded: Encoded


def encode_weights(
    converted: ConvertedModel,
    compression: TflmCompression,
    *,
    code_is_measured: bool = False,
) -> ConvertedModel:
    """The same model with encoded weights, wherever that makes the file smaller.

    Args:
        converted: An integer model that TFLite Micro runs.
        compression: ``auto`` takes the smallest method for each layer; the others name one.
        code_is_measured: Whether the caller links the firmware and sees whether it shrinks;
            otherwise the file must save more than `DECODE_CODE_BYTES`.

    Returns:
        The model with its new file, what it saved in ``tflm_encoding``, and the old file in
        ``plain_tflite``; for ``none`` the model as it is.

    Raises:
        ModelError: The file would not become smaller, or by less than DECODE's code; it is encoded
            already; or the interpreter gives other outputs.
        ConfigError: There is no such method.
        ToolError: The ``tflite-micro`` package does not decode what was written.
    """
    _require_known(compression)
    if compression == "none":
        return converted
    rewriter = Rewriter(converted.tflite)
    chosen = _require_any(read_model(converted.tflite).main, rewriter, compression)
    tflite = rewriter.rewritten({index: choice.encoded for index, choice in chosen.items()})
    saved = len(converted.tflite) - len(tflite)
    _require_gain(len(converted.tflite), saved, 0 if code_is_measured else DECODE_CODE_BYTES)
    _require_same_outputs(converted.tflite, tflite)
    return replace(
        converted,
        tflite=tflite,
        sha256=hashlib.sha256(tflite).hexdigest(),
        tflm_encoding=TflmEncoding(
            before_bytes=len(converted.tflite),
            after_bytes=len(tflite),
            code_bytes=DECODE_CODE_BYTES,
            code_obtained="estimated",
            decoded_peak_bytes=max(choice.before_bytes for choice in chosen.values()),
            tensors=tuple(_told(choice) for choice in chosen.values()),
            proof_samples=PROOF_SAMPLES,
            decoded_weights=sum(choice.before_bytes for choice in chosen.values()),
            decode_cycles=round(sum(_cycles(choice) for choice in chosen.values())),
        ),
        plain_tflite=converted.tflite,
    )


def _require_known(compression: str) -> None:
    allowed = get_args(TflmCompression)
    if compression not in allowed:
        raise ConfigError(f"tflm_compression is {compression!r}; allowed: {', '.join(allowed)}")


def choose(
    graph: Graph, rewriter: Rewriter, compression: TflmCompression
) -> tuple[dict[int, Choice], tuple[str, ...]]:
    """Filters that become smaller, by index of their tensor, and why the others do not.

    Args:
        graph: The file's first subgraph.
        rewriter: The same file.
        compression: As in `encode_weights`, but not ``none``.
    """
    chosen: dict[int, Choice] = {}
    reasons = []
    for op in graph.ops:
        index = _filter_of(op)
        if index is None or index in chosen:
            continue
        tensor = graph.tensors[index]
        found = _refusal(graph, op, tensor, rewriter) or _best(tensor, compression)
        if isinstance(found, str):
            reasons.append(f"layer '{graph.layer_name(op)}' ({op.kind}): {found}")
        else:
            chosen[tensor.index] = Choice(graph.layer_name(op), tensor.elements, found)
    return chosen, tuple(reasons) or ("it has no convolution or dense layer",)


def _filter_of(op: Op) -> int | None:
    """The tensor that DECODE may make for an operator, if there is one."""
    if op.kind not in _DECODABLE or len(op.inputs) <= _FILTER_INPUT:
        return None
    index = op.inputs[_FILTER_INPUT]
    return None if index < 0 else index


def _require_any(
    graph: Graph, rewriter: Rewriter, compression: TflmCompression
) -> dict[int, Choice]:
    """As `choose`; refuses a model in which nothing becomes smaller, or that takes no DECODE."""
    if any(op.custom_code == DECODE_CUSTOM_CODE for op in graph.ops):
        raise ModelError(
            "the model has DECODE operators already; it was compressed before",
            hint="--weights plain takes the file as it is",
        )
    if rewriter.is_planned:
        raise ModelError(
            "the file says where each tensor lies in the arena (OfflineMemoryAllocation), so that "
            "none can be added",
            hint="take the file from before that was planned",
        )
    chosen, reasons = choose(graph, rewriter, compression)
    if not chosen:
        raise ModelError(
            "encoded weights would not make the model smaller", reasons=reasons, hint=_HINT
        )
    return chosen


def _refusal(graph: Graph, op: Op, tensor: Tensor, rewriter: Rewriter) -> str | None:
    """Why no DECODE can make this filter, if none can."""
    if tensor.data is None or tensor.dtype is not DType.INT8:
        return f"its weights are {tensor.dtype.value}, not constant int8"
    if tensor.elements == 0:
        return "it has no weights"
    if tensor.quantization is None:
        return "its weights are not quantised"
    if tensor.index in graph.outputs:
        return "its weights are an output of the model"
    users = (
        (other, position)
        for other in graph.ops
        for position, used in enumerate(other.inputs)
        if used == tensor.index
    )
    for other, position in users:
        if other.kind not in _DECODABLE or position != _FILTER_INPUT:
            return f"{other.kind} number {other.index} reads the same constant"
    if rewriter.is_shared(tensor.index):
        return "another tensor has the same bytes of the file"
    return None


def _best(tensor: Tensor, compression: TflmCompression) -> Encoded | str:
    """The smallest encoding, or why there is none that saves anything."""
    weights = Filter.of(tensor)
    refused, encoded = [], []
    for name in _methods(compression):
        refusal = METHODS[name].refusal(weights)
        if refusal is None:
            encoded.append(METHODS[name].encode(weights))
        else:
            refused.append(refusal)
    if not encoded:
        return "; ".join(refused)
    best = min(encoded, key=_stored_bytes)
    if _stored_bytes(best) + _OPERATOR_BYTES < tensor.elements:
        return best
    return (
        f"{best.method} ({best.detail}) takes {best.size_bytes:,} bytes and the operator's own "
        f"tables, instead of {tensor.elements:,}"
    )


def _methods(compression: TflmCompression) -> Iterator[TflmMethod]:
    yield from (name for name in METHODS if compression in ("auto", name))


def _stored_bytes(encoded: Encoded) -> int:
    """Of both inputs in the file, where constants are aligned."""
    sizes = (len(encoded.stream), len(encoded.ancillary))
    return sum(-(-size // _ALIGNMENT_BYTES) * _ALIGNMENT_BYTES for size in sizes)


def _cycles(choice: Choice) -> float:
    return choice.before_bytes * choice.encoded.cycles_per_weight


def _told(choice: Choice) -> EncodedTensor:
    encoded = choice.encoded
    return EncodedTensor(
        choice.layer, encoded.method, encoded.detail, choice.before_bytes, encoded.size_bytes
    )


def _require_gain(before_bytes: int, saved: int, code_bytes: int) -> None:
    """Refuse what makes the file, or the firmware, larger."""
    if saved <= 0:
        raise ModelError(
            f"encoded weights would not make the model smaller: {before_bytes - saved:,} bytes "
            f"instead of {before_bytes:,}",
            hint=_HINT,
        )
    if saved <= code_bytes:
        raise ModelError(
            f"the file would be {saved:,} bytes smaller, but TFLM's DECODE operator takes about "
            f"{code_bytes:,} bytes of code (estimate: measured on a Cortex-M4); the firmware would "
            "grow",
            hint=f"--weights plain; {_HINT}",
        )


def _require_same_outputs(plain: bytes, encoded: bytes) -> None:
    """The proof: byte for byte the same outputs on TFLite Micro's interpreter."""
    before = Oracle(plain, "tflm")
    try:
        after = _decoding_oracle(encoded)
        try:
            _compare(before, after, plain)
        finally:
            after.close()
    finally:
        before.close()


def _decoding_oracle(encoded: bytes) -> Oracle:
    try:
        return Oracle(encoded, "tflm")
    except ModelError as error:
        raise ToolError(
            "the installed tflite-micro package does not decode these weights: its DECODE operator "
            f"is older, or lacks the decoder: {error.message}",
            hint="pip install --upgrade tflite-micro, or build with --weights plain",
        ) from error


def _compare(before: Oracle, after: Oracle, plain: bytes) -> None:
    inputs = random_inputs(read_model(plain).main, PROOF_SAMPLES)
    for number in range(PROOF_SAMPLES):
        sample = [array[number] for array in inputs]
        pairs = zip(before.run(*sample), after.run(*sample), strict=True)
        if not all(one.tobytes() == other.tobytes() for one, other in pairs):
            raise ModelError(
                f"with encoded weights TFLite Micro gives other outputs (random input {number}): "
                "its DECODE kernel does not compute what was written",
                hint="build with --weights plain",
            )
