"""What becomes of every model of the collection: exact to a runtime, close to it, or refused."""

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
from tinycompress.codegen.tolerance import allowed_ulps
from tinycompress.errors import ModelError
from tinycompress.ir.reader import read_model
from tinycompress.measurement.exactness import worst_excess
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


def _raw(arrays: Sequence[Array]) -> tuple[bytes, ...]:
    return tuple(array.tobytes() for array in arrays)


def verdict(tflite: bytes, exact_to: ExactTo) -> str:
    """`exact`, `within N ULP` behind float operators, `refused`, `no oracle`, or what is wrong."""
    try:
        parsed = read_model(tflite)
        sources = generate(parsed, CodegenOptions(exact_to=exact_to))
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
    allowed = allowed_ulps(parsed, exact_to)
    found = [
        worst_excess(_raw(model.run(*sample)), _raw(wanted), sources.outputs, allowed)
        for sample, wanted in zip(samples, expected, strict=True)
    ]
    wrong = sum(not within for within, _ in found)
    if wrong:
        return f"{wrong} samples differ, by {max(worst for _, worst in found):g} ULP"
    return f"within {max(allowed)} ULP" if max(allowed) else "exact"


def models(shared_data: Collection, family: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for entry in json.loads(shared_data.file("models.json").read_text(encoding="utf-8")):
        if entry["family"] == family:
            yield entry["file"].removeprefix("models/").removesuffix(".tflite"), entry
