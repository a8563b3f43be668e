"""Every model of the collection: exact to either runtime, or refused with every reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.cases.kernels import BOTH
from support.models.corpus import FAMILIES, models, verdict

from tinycompress.artifacts import ExactTo

REFUSED = {
    # Some layers compute in float.
    "ai_edge_quantizer/partly_quantized_mnist",
    "mcunet_tinyengine/ptq_mnist_lenet-300-100",
    "mcunet_tinyengine/ptq_mnist_lenet-300-100_nobias",
    # Float activations, int8 weights.
    "mlonmcu/model_with_multiple_outputs",
    # Custom operators.
    "tflm/audio_preprocessor_int8",
    "tflm/person_detect_vela",
}
"""Models that the collection counts as int8 or int16 and that are refused for either runtime."""
REFUSED_BY_LITERT = {
    # SVDF with int8 state.
    "tflm/keyword_scrambled_8bit",
    # The output shape is an input of the model.
    "tflm_seanet_int16/transpose_conv0",
    "tflm_seanet_int16/transpose_conv2",
}
"""Those that are refused for LiteRT alone."""


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("exact_to", BOTH)
@pytest.mark.parametrize("family", FAMILIES)
def test_family(shared_data: Path, family: str, exact_to: ExactTo) -> None:
    found = {
        name: (verdict((shared_data / entry["file"]).read_bytes(), exact_to), entry["kind"])
        for name, entry in models(shared_data, family)
    }
    verdicts = [verdict for verdict, _ in found.values()]
    print(f"{family} {exact_to}:", {v: verdicts.count(v) for v in sorted(set(verdicts))})
    assert {n: v for n, (v, _) in found.items() if v not in ("exact", "refused", "no oracle")} == {}
    quantised = {n: v for n, (v, kind) in found.items() if kind in ("int8", "int16")}
    allowed = REFUSED | (REFUSED_BY_LITERT if exact_to == "litert" else set())
    assert {n for n, v in quantised.items() if v == "refused"} == allowed & set(quantised)
    built = {n for n, (v, kind) in found.items() if v != "refused" and kind in ("float32", "uint8")}
    assert built == set()


@pytest.mark.shared
def test_no_family_is_left_out(shared_data: Path) -> None:
    entries = json.loads((shared_data / "models.json").read_text(encoding="utf-8"))
    assert {entry["family"] for entry in entries} == set(FAMILIES)
