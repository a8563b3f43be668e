"""How each command's answer looks: as tables for people, as JSON objects for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.table import Table

from tinycompress.artifacts import (
    ConvertedModel,
    OutputAgreement,
    OutputQuality,
    Simplification,
    TensorSpec,
    TflmEncoding,
)
from tinycompress.quality.plain import (
    agreement_json,
    agreement_lines,
    quality_json,
    quality_lines,
)


def schema(name: str) -> dict[str, object]:
    """The first keys of every JSON answer."""
    return {"schema": f"tinycompress.{name}", "schema_version": 1}


def percent(part: int, whole: int) -> str:
    """A share in words."""
    return f"{100 * part / whole:.1f} %"


def table(title: str, *columns: str, right: tuple[int, ...] = ()) -> Table:
    """An empty table; columns whose numbers are in ``right`` are for numbers."""
    made = Table(title=title, title_justify="left", title_style="bold")
    for index, column in enumerate(columns):
        made.add_column(column, justify="right" if index in right else "left", overflow="fold")
    return made


# --- what several answers tell of a model ---------------------------------------------------------


def spec_json(spec: TensorSpec) -> dict[str, object]:
    """An input or output of a model."""
    return {
        "name": spec.name, "shape": list(spec.shape), "dtype": spec.dtype, "scale": spec.scale,
        "zero_point": spec.zero_point,
    }  # fmt: skip


def accuracy_json(converted: ConvertedModel) -> dict[str, float | None]:
    """Accuracies by what computed: float, and the activations of the file."""
    return {
        "float": converted.float_accuracy,
        converted.activations: converted.quantized_accuracy,
    }


def judgement_json(
    quality: Sequence[OutputQuality], agreement: Sequence[OutputAgreement], samples: int
) -> dict[str, object]:
    """How good an integer model is, and how it agrees with its float model."""
    return {
        "judged_samples": samples,
        "quality": [quality_json(one) for one in quality],
        "agreement": [agreement_json(one) for one in agreement],
    }


def judgement_lines(
    quality: Sequence[OutputQuality],
    agreement: Sequence[OutputAgreement],
    activations: str,
    *,
    outputs: int,
) -> list[str]:
    """The same for people, a line each; outputs are named where there are several."""
    several = outputs > 1
    return [
        *quality_lines(quality, activations, several=several),
        *agreement_lines(agreement, activations, several=several),
    ]


def kind_text(activations: str) -> str:
    """What a fully integer model is called."""
    return {
        "int8": "fully int8",
        "int16": "fully integer, 16x8: int16 activations, int8 weights",
    }.get(activations, f"fully integer, {activations} activations")


def integer_lines(kinds: str, not_integer: Sequence[str], *, inside: bool = True) -> list[str]:
    """Whether a model is integer, and if not, what is not.

    Args:
        kinds: The types that its operators work on.
        not_integer: What is not, a line each.
        inside: Whether that is only its inputs and outputs.
    """
    if not not_integer:
        return [kind_text(kinds)]
    told = f"{kinds} inside; floats are quantised at the border, on the device:"
    return [told if inside else "not fully integer:", *(f"  - {one}" for one in not_integer)]


def tflm_encoding_json(converted: ConvertedModel) -> dict[str, Any] | None:
    """What encoded weights for TFLite Micro saved; None where there are none."""
    return None if converted.tflm_encoding is None else asdict(converted.tflm_encoding)


_FLOATS: Mapping[str, str] = {
    "float32": "computes on float32",
    "float16": "computes on float32, with weights in half precision",
}


def conversion_lines(converted: ConvertedModel) -> list[str]:
    """What a user wants to know of a conversion, a line each."""
    size = f"{len(converted.tflite):,} bytes of .tflite"
    kinds, found = converted.activations, converted.not_integer
    if converted.precision != "int8":
        lines = [f"{_FLOATS[converted.precision]}: {size}"]
    elif found:
        lines = [size, *integer_lines(kinds, found, inside=converted.integer_inside)]
    else:
        lines = [f"{integer_lines(kinds, ())[0]}: {size}, no float tensor or op left"]
    lines += judgement_lines(
        converted.quality, converted.agreement, kinds, outputs=len(converted.outputs)
    )
    if converted.tflm_encoding is not None:
        lines += _encoding_lines(converted.tflm_encoding)
    return lines


def _encoding_lines(encoding: TflmEncoding) -> list[str]:
    share = encoding.saved_bytes / encoding.before_bytes
    return [
        f"encoded weights of {len(encoding.tensors)} layers ({_methods_text(encoding)}): "
        f"{encoding.before_bytes:,} -> {encoding.after_bytes:,} bytes ({100 * share:.1f} % less); "
        "the interpreter's outputs are the "
        f"same on {encoding.proof_samples} random inputs",
        f"TFLM's DECODE operator takes {encoding.code_bytes:,} bytes of code "
        f"({encoding.code_obtained})",
        f"every inference decodes {encoding.decoded_weights:,} weights: about "
        f"{encoding.decode_cycles:,} cycles on a Cortex-M4 (estimated)",
        f"the arena needs up to {encoding.decoded_peak_bytes:,} bytes more, for the decoded "
        "weights of the layer that runs",
    ]


def _methods_text(encoding: TflmEncoding) -> str:
    """How many layers each method has."""
    counts = Counter(tensor.method for tensor in encoding.tensors)
    return ", ".join(f"{method} {count}" for method, count in sorted(counts.items()))


def simplification_line(left_out: Simplification) -> str:
    """What the engine left out of a model."""
    s = left_out
    inputs = f", {s.removed_inputs:,} inputs of dense layers" if s.removed_inputs else ""
    return (
        f"Removed {s.removed_channels:,} channels that never change or that nothing reads"
        f"{inputs}: weights and biases {s.constants_before_bytes:,} -> "
        f"{s.constants_after_bytes:,} bytes, MACs {s.macs_before:,} -> {s.macs_after:,}; "
        "the outputs stay the same, bit by bit"
    )


def simplification_json(left_out: Simplification | None) -> dict[str, object] | None:
    """The same for programs; None if nothing was left out."""
    return None if left_out is None else asdict(left_out)
