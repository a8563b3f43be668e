"""Weights for TFLM's DECODE: smaller files, the same bytes on its interpreter."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import get_args

import pytest
from ai_edge_litert import schema_py_generated as schema
from support.compression.clustered_models import CHANNELS, clustered, few_values
from support.compression.tflm_encoded import (
    CHOICES,
    choices,
    converted,
    encoded,
    require_same_outputs,
    two_layers,
)
from support.models.collection import Collection
from support.models.tflite_files import Builder

from benchmarks.weights.encoded_networks import with_half_zeros
from tinycompress import pipeline
from tinycompress.artifacts import TflmCompression, TflmMethod
from tinycompress.codegen.tflm.decode.methods import METHODS
from tinycompress.codegen.tflm.decode.rewriting import Rewriter
from tinycompress.errors import ModelError
from tinycompress.ir.reader import DECODE_CUSTOM_CODE, read_model
from tinycompress.ir.summary import not_integer_reasons


def test_every_choice_is_a_method_or_none_or_all() -> None:
    assert set(get_args(TflmCompression)) == {"none", "auto", *METHODS}
    assert set(get_args(TflmMethod)) == set(METHODS)


@pytest.mark.parametrize(("count", "bits"), [(2, 1), (3, 2), (8, 3), (16, 4), (30, 5), (40, 6)])
def test_tables_keep_the_outputs_and_shrink_the_file(count: int, bits: int) -> None:
    before = converted(clustered(count))
    after = encoded(before.tflite, "lut")
    told = after.tflm_encoding
    assert told is not None
    assert (told.before_bytes, told.after_bytes) == (len(before.tflite), len(after.tflite))
    assert len(after.tflite) < len(before.tflite)
    assert after.sha256 == hashlib.sha256(after.tflite).hexdigest()
    assert after.plain_tflite == before.tflite
    details = {one.layer: one.detail for one in told.tensors}
    assert details["conv"] == f"{count} values, {bits} bits, {CHANNELS} tables"
    assert details["dense"] == f"{count} values, {bits} bits, one table"
    assert told.decoded_peak_bytes == 10 * 36 * CHANNELS
    require_same_outputs(before.tflite, after.tflite)


@pytest.mark.parametrize("compression", CHOICES)
def test_half_zeros_by_every_method(compression: TflmCompression) -> None:
    before = with_half_zeros(clustered(200, outputs=40))
    after = encoded(before, compression)
    require_same_outputs(before, after.tflite)
    assert after.tflm_encoding is not None
    used = {one.method for one in after.tflm_encoding.tensors}
    assert used == ({"huffman"} if compression == "auto" else {compression})


def test_auto_is_the_smallest_for_each_layer() -> None:
    for tflite in (clustered(3, outputs=40), with_half_zeros(clustered(200, outputs=40))):
        smallest, _ = choices(tflite, "auto")
        for method in METHODS:
            alone, _ = choices(tflite, method)
            for index, choice in alone.items():
                assert smallest[index].encoded.size_bytes <= choice.encoded.size_bytes
    assert {choice.encoded.method for choice in choices(clustered(3), "auto")[0].values()} == {
        "lut", "huffman",
    }  # fmt: skip


@pytest.mark.parametrize("compression", CHOICES)
def test_the_same_bytes_every_time(compression: TflmCompression) -> None:
    model = with_half_zeros(clustered(16, outputs=40))
    assert encoded(model, compression).tflite == encoded(model, compression).tflite


def test_constants_are_aligned() -> None:
    """The decoders read streams and tables as words, in place."""
    tflite = encoded(with_half_zeros(clustered(200, outputs=40)), "auto").tflite
    graph = read_model(tflite).main
    decodes = [op for op in graph.ops if op.custom_code == DECODE_CUSTOM_CODE]
    assert len(decodes) == 2
    for index in (index for op in decodes for index in op.inputs):
        data = graph.tensors[index].data
        assert data is not None
        assert tflite.find(data.tobytes()) % 16 == 0


def test_two_layers_with_one_filter_decode_it_twice() -> None:
    before = two_layers(share="tensor")
    after = encoded(before, "auto")
    graph = read_model(after.tflite).main
    assert [op.kind for op in graph.ops] == ["CUSTOM", "FULLY_CONNECTED"] * 2
    assert graph.ops[0].inputs == graph.ops[2].inputs
    assert graph.ops[0].outputs != graph.ops[2].outputs
    require_same_outputs(before, after.tflite)


def test_an_operator_without_a_list_of_inputs() -> None:
    b = Builder()
    weights = few_values((64, 64), 8, None)
    source = b.tensor([1, 64], name="input", scales=[0.5])
    first = b.tensor([64, 64], data=weights, scales=[0.01])
    made = b.tensor([1, 64], name="one", scales=[100.0])
    handle = b.tensor([], "RESOURCE", name="state")
    variable = schema.VarHandleOptionsT()
    variable.sharedName = "state"
    b.op("VAR_HANDLE", [], [handle], variable).inputs = None
    b.op("FULLY_CONNECTED", [source, first, -1], [made], schema.FullyConnectedOptionsT())
    tflite = b.pack([source], [made])
    chosen, _ = choices(tflite, "auto")
    encodings = {index: choice.encoded for index, choice in chosen.items()}
    rewritten = Rewriter(tflite).rewritten(encodings)
    kinds = [op.kind for op in read_model(rewritten).main.ops]
    assert kinds == ["VAR_HANDLE", "CUSTOM", "FULLY_CONNECTED"]


def test_a_compressed_file_is_int8_and_goes_on(tmp_path: Path) -> None:
    """What convert wrote is what a later build takes: for TFLM, while the AOT engine refuses it."""
    once = encoded(clustered(8), "auto")
    assert not_integer_reasons(read_model(once.tflite)) == ()
    model = tmp_path / "small.tflite"
    model.write_bytes(once.tflite)
    made = pipeline.build(
        model, "nano33", framework="zephyr", engine="tflm", output=tmp_path / "app"
    )
    assert "AddDecode" in (made.project.directory / "model" / "tcm_ops.h").read_text()
    with pytest.raises(ModelError) as caught:
        pipeline.build(model, "nano33", output=tmp_path / "aot")
    assert any("TFLM_DECODE" in reason for reason in caught.value.reasons)


@pytest.mark.shared
def test_a_rewritten_file_says_what_it_said(shared_data: Collection) -> None:
    """Every model of the collection, unpacked and packed again."""
    for path in sorted((shared_data.root / "models").rglob("*.tflite")):
        try:
            before = read_model(path.read_bytes())
        except ModelError:
            continue
        after = read_model(Rewriter(path.read_bytes()).packed())
        assert after.description == before.description
        for one, other in zip(before.graphs, after.graphs, strict=True):
            assert (one.name, one.inputs, one.outputs) == (other.name, other.inputs, other.outputs)
            assert [vars(op) for op in one.ops] == [vars(op) for op in other.ops], path
            for old, new in zip(one.tensors, other.tensors, strict=True):
                stored = [{**vars(each), "data": None, "initial": None} for each in (old, new)]
                assert stored[0] == stored[1], path
                data = [None if each.data is None else each.data.tobytes() for each in (old, new)]
                assert data[0] == data[1], path


@pytest.mark.shared
@pytest.mark.parametrize("compression", CHOICES)
@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("mlperf_tiny/kws_ref_model", 0.79),
        ("mlperf_tiny/pretrainedResnet_quant", 0.55),
        ("mlperf_tiny/vww_96_int8", 0.75),
        ("mlperf_tiny/ad01_int8", 0.45),
        ("tflm/person_detect", 0.75),
        ("microwakeword/v2_hey_mycroft", 0.85),
    ],
)
def test_half_zeros_in_real_models(
    shared_data: Collection, name: str, most: float, compression: TflmCompression
) -> None:
    """Stock networks whose filters are half zeros: every output byte stays."""
    before = with_half_zeros(shared_data.file(f"models/{name}.tflite").read_bytes())
    after = encoded(before, compression)
    require_same_outputs(before, after.tflite, 4)
    if compression == "auto":
        assert len(after.tflite) < most * len(before)
