"""What becomes of every model of the collection: exact to a runtime, or refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from support.cases.kernels import Array
from support.host_model import HostModel
from support.models.collection import Collection
from tinycompress.artifacts import ExactTo, TensorSpec
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.errors import ModelError
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

FAMILIES = (
    "ai_edge_quantizer", "legacy_uint8", "mcunet_tinyengine", "microwakeword", "mlonmcu",
    "mlperf_tiny", "mlperf_tiny_layers", "negative", "silabs_mltk", "tflm", "tflm_seanet_int16",
    "tinymaix",
)  # fmt: skip
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


def verdict(tflite: bytes, exact_to: ExactTo) -> str:
    """`exact`, `refused`, `no oracle` where the runtime itself refuses, or what is wrong."""
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


def models(shared_data: Collection, family: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for entry in json.loads(shared_data.file("models.json").read_text(encoding="utf-8")):
        if entry["family"] == family:
            yield entry["file"].removeprefix("models/").removesuffix(".tflite"), entry
