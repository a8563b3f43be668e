"""The TFLM engine's sources: exactly the model's operators, all refusals at once, same bytes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from support.firmware.tflm import ARENA, STAND_INS, cnn_sources
from support.models.tflite_files import Builder, small_cnn

from tinycompress.artifacts import ArenaFigure
from tinycompress.codegen.tflm import generate, peak_activations, refusals
from tinycompress.codegen.tflm.ops import CUSTOM_METHODS, INT8_REGISTRATIONS, METHODS
from tinycompress.codegen.tflm.sources import resolver_entries
from tinycompress.errors import ConfigError, ModelError
from tinycompress.ir.reader import read_model
from tinycompress.ir.tflite_schema import OPERATORS


def calls(text: str) -> list[str]:
    return re.findall(r"resolver\.(\w+\(.*?\)?)\) != kTfLiteOk", text)


def test_the_resolver_knows_exactly_the_models_operators() -> None:
    sources = cnn_sources()
    assert calls(sources.files["tcm_ops.h"]) == [
        "AddConv2D(tflite::Register_CONV_2D_INT8()",
        "AddFullyConnected(tflite::Register_FULLY_CONNECTED_INT8()",
        "AddReshape(",
        "AddSoftmax(tflite::Register_SOFTMAX_INT8()",
    ]
    header = sources.files["tcm_model.h"]
    assert "#define TCM_OP_COUNT 4\n" in header
    assert "#define TCM_LAYER_COUNT 4\n" in header
    assert "#define TCM_ARENA_BYTES 4096\n" in header
    assert [layer.op for layer in sources.layers] == [
        "CONV_2D", "RESHAPE", "FULLY_CONNECTED", "SOFTMAX",
    ]  # fmt: skip
    assert sources.macs == 2 * 2 * 2 * 9 + 8 * 3
    assert (sources.engine, sources.exact_to) == ("tflm", "tflm")


def test_the_array_holds_the_file(examples_dir: Path) -> None:
    tflite = (examples_dir / "digits" / "digits_int8.tflite").read_bytes()
    text = generate(read_model(tflite), tflite, ARENA).files["tcm_model_data.c"]
    assert "_Alignas(16) const uint8_t tcm_model_data" in text
    body = text[text.index("tcm_model_data[TCM_MODEL_BYTES]") :]
    body = body[: body.index("};")]
    assert bytes(int(word, 16) for word in re.findall(r"0x([0-9a-f]{2})", body)) == tflite


def test_an_operator_that_computes_on_floats_gets_the_plain_registration() -> None:
    b = Builder()
    one = b.tensor([1, 4], "FLOAT32")
    two = b.tensor([1, 4], "FLOAT32")
    b.op("SOFTMAX", [one], [two], schema.SoftmaxOptionsT())
    (entry,) = resolver_entries(read_model(b.pack([one], [two])).main)
    assert (entry.method, entry.registration) == ("AddSoftmax", None)


def test_one_use_beyond_int8_takes_the_plain_registration_for_all() -> None:
    b = Builder()
    first = b.tensor([1, 4], scales=[0.5])
    middle = b.tensor([1, 4], scales=[1 / 256], zero_points=[-128])
    wide = b.tensor([1, 4], "INT16", scales=[1 / 32768])
    b.op("SOFTMAX", [first], [middle], schema.SoftmaxOptionsT())
    b.op("SOFTMAX", [middle], [wide], schema.SoftmaxOptionsT())
    (entry,) = resolver_entries(read_model(b.pack([first], [wide])).main)
    assert entry.registration is None


def test_every_reason_is_told_at_once() -> None:
    b = Builder()
    a = b.tensor([1, 4], name="a", scales=[0.5])
    c = b.tensor([1, 4], name="tiled", scales=[0.5])
    times = b.tensor([2], "INT32", data=np.array([1, 1], "<i4"))
    d = b.tensor([1, 4], name="mystery", scales=[0.5])
    e = b.tensor([1, 4], "COMPLEX64", name="e")
    b.op("TILE", [a, times], [c])
    b.op("CUSTOM", [c], [d], custom_code="Ownwork")
    b.op("RELU", [d], [e])
    model = read_model(b.pack([a], [e]))
    with pytest.raises(ModelError) as caught:
        generate(model, b.pack([a], [e]), ARENA)
    reasons = caught.value.reasons
    assert reasons == refusals(model)
    assert len(reasons) == 4
    assert "complex64" in reasons[0]
    assert "op 0 TILE 'tiled'" in reasons[1]
    assert "Concatenate" in reasons[1]
    assert "op 1 CUSTOM (Ownwork) 'mystery'" in reasons[2]
    assert reasons[3] == "op 2 RELU 'e': complex64 activations"
    assert caught.value.exit_code == 3


def test_further_subgraphs_are_refused() -> None:
    b = Builder()
    a = b.tensor([1, 4], scales=[0.5])
    c = b.tensor([1, 4], scales=[0.5])
    once = schema.CallOnceOptionsT()
    once.initSubgraphIndex = 1
    b.op("CALL_ONCE", [], [], once)
    b.op("RELU", [a], [c])
    b.new_subgraph()
    (text, call) = refusals(read_model(b.pack([a], [c])))
    assert "1 further subgraph" in text
    assert "op 0 CALL_ONCE" in call


def test_the_model_must_be_the_file() -> None:
    with pytest.raises(ConfigError, match="another file"):
        generate(read_model(small_cnn()), b"other", ARENA)


def test_the_same_model_gives_the_same_bytes() -> None:
    assert cnn_sources().files == cnn_sources().files


def test_peak_of_a_chain_is_input_and_output_of_its_widest_layer() -> None:
    assert peak_activations(read_model(small_cnn())) == (16 + 8, "features")


def test_an_arena_is_rounded_up_to_the_alignment() -> None:
    assert ArenaFigure(1000, 10, "emulated").total_bytes == 1024
    assert ArenaFigure(1008, 0, "emulated").total_bytes == 1008


def test_the_tables_name_operators_of_the_schema() -> None:
    assert set(METHODS) <= set(OPERATORS)
    assert set(METHODS) >= INT8_REGISTRATIONS


def test_the_stand_in_has_every_method_and_registration() -> None:
    header = STAND_INS / "tensorflow" / "lite" / "micro" / "micro_mutable_op_resolver.h"
    text = header.read_text()
    for method in (*METHODS.values(), *CUSTOM_METHODS.values()):
        assert f" {method}(" in text
    for kind in INT8_REGISTRATIONS:
        assert f"Register_{kind}_INT8()" in text
