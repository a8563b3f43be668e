"""Every model of the collection: exact to either runtime, or refused with every reason."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kernel_cases import BOTH, Array

from tinycompress.artifacts import ExactTo, TensorSpec
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.host import HostModel
from tinycompress.errors import ModelError
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

FAMILIES = (
    "ai_edge_quantizer", "legacy_uint8", "mcunet_tinyengine", "microwakeword", "mlonmcu",
    "mlperf_tiny", "mlperf_tiny_layers", "negative", "silabs_mltk", "tflm", "tflm_seanet_int16",
    "tinymaix",
)  # fmt: skip
REFUSED_INT8 = {
    # Some layers compute in float.
    "ai_edge_quantizer/partly_quantized_mnist",
    "mcunet_tinyengine/ptq_mnist_lenet-300-100",
    "mcunet_tinyengine/ptq_mnist_lenet-300-100_nobias",
    # Float activations, int8 weights.
    "mlonmcu/model_with_multiple_outputs",
    "tflm/trained_lstm",
    # int16 inputs, and LiteRT's LSTM.
    "tflm/dtln_noise_suppression",
    "tflm/keyword_scrambled_8bit",
    "tflm/trained_lstm_int8",
    # Custom operators.
    "tflm/audio_preprocessor_int8",
    "tflm/person_detect_vela",
}
"""Models that the collection counts as int8 and that are refused for one runtime or both."""
_RUNS = 3


def _sample(rng: np.random.Generator, spec: TensorSpec) -> Array:
    dtype = np.dtype(spec.dtype)
    if dtype.kind == "f":
        return (3 * rng.standard_normal(spec.shape)).astype(dtype)
    limits = np.iinfo(dtype)
    return rng.integers(limits.min, limits.max, spec.shape, dtype, endpoint=True)


def _differing(expected: Sequence[Array], actual: Sequence[Array]) -> int:
    pairs = zip(expected, actual, strict=True)
    return sum(int((a.reshape(-1) != b.reshape(-1)).sum()) for a, b in pairs)


def _verdict(tflite: bytes, exact_to: ExactTo) -> str:
    """``exact``, ``refused``, ``no oracle`` where the runtime itself refuses, or what is wrong."""
    try:
        sources = generate(read_model(tflite), CodegenOptions(exact_to=exact_to))
    except ModelError as error:
        return "refused" if error.reasons else f"refused without reasons: {error}"
    rng = np.random.default_rng(9)
    samples = [[_sample(rng, spec) for spec in sources.inputs] for _ in range(_RUNS)]
    try:
        oracle = Oracle(tflite, exact_to)
        expected = [oracle.run(*samples[0]), *(oracle.step(*s) for s in samples[1:])]
    except ModelError:
        return "no oracle"
    model = HostModel(sources)
    actual = [model.run(*sample) for sample in samples]
    wrong = sum(_differing(a, b) for a, b in zip(expected, actual, strict=True))
    return f"{wrong} elements differ" if wrong else "exact"


def _models(shared_data: Path, family: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for entry in json.loads((shared_data / "models.json").read_text(encoding="utf-8")):
        if entry["family"] == family:
            yield entry["file"].removeprefix("models/").removesuffix(".tflite"), entry


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("exact_to", BOTH)
@pytest.mark.parametrize("family", FAMILIES)
def test_family(shared_data: Path, family: str, exact_to: ExactTo) -> None:
    found = {
        name: (_verdict((shared_data / entry["file"]).read_bytes(), exact_to), entry["kind"])
        for name, entry in _models(shared_data, family)
    }
    verdicts = [verdict for verdict, _ in found.values()]
    print(f"{family} {exact_to}:", {v: verdicts.count(v) for v in sorted(set(verdicts))})
    assert {n: v for n, (v, _) in found.items() if v not in ("exact", "refused", "no oracle")} == {}
    refused = {n for n, (v, kind) in found.items() if v == "refused" and kind == "int8"}
    assert refused <= REFUSED_INT8
    built = {n for n, (v, kind) in found.items() if v != "refused" and kind in ("float32", "uint8")}
    assert built == set()


@pytest.mark.shared
def test_no_family_is_left_out(shared_data: Path) -> None:
    entries = json.loads((shared_data / "models.json").read_text(encoding="utf-8"))
    assert {entry["family"] for entry in entries} == set(FAMILIES)
