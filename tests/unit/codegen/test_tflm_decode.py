"""Weights for TFLM's DECODE: smaller files, the same bytes on its interpreter, refusals."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from support.compression.clustered_models import CHANNELS, WIDE, clustered, few_values
from support.models.collection import Collection
from support.models.filter_models import Kind, decoded, filter_model
from support.models.tflite_files import Builder, small_cnn

from benchmarks.encoded_networks import with_half_zeros
from tinycompress import pipeline
from tinycompress.artifacts import ConvertedModel, TflmCompression, TflmMethod
from tinycompress.codegen.tflm import encode_weights
from tinycompress.codegen.tflm.decode import encoding, huffman, lut, prune
from tinycompress.codegen.tflm.decode.encoding import DECODE_CODE_BYTES, Choice, choose
from tinycompress.codegen.tflm.decode.format import HEADER_BYTES, Encoded, Filter, Method
from tinycompress.codegen.tflm.decode.methods import METHODS
from tinycompress.codegen.tflm.decode.rewriting import Rewriter
from tinycompress.errors import ConfigError, ModelError, ToolError
from tinycompress.ir.random_inputs import random_inputs
from tinycompress.ir.reader import DECODE_CUSTOM_CODE, read_model
from tinycompress.ir.specs import input_specs, output_specs
from tinycompress.ir.summary import not_integer_reasons
from tinycompress.oracle import Oracle

CHOICES: tuple[TflmCompression, ...] = ("auto", *METHODS)


def converted(tflite: bytes) -> ConvertedModel:
    graph = read_model(tflite).main
    digest = hashlib.sha256(tflite).hexdigest()
    return ConvertedModel(tflite, digest, input_specs(graph), output_specs(graph))


def encoded(tflite: bytes, compression: TflmCompression) -> ConvertedModel:
    """As a build with a library of TFLM, which measures what the code takes."""
    return encode_weights(converted(tflite), compression, code_is_measured=True)


def choices(
    tflite: bytes, compression: TflmCompression
) -> tuple[dict[int, Choice], tuple[str, ...]]:
    return choose(read_model(tflite).main, Rewriter(tflite), compression)


def require_same_outputs(before: bytes, after: bytes, count: int = 12) -> None:
    """More inputs than the encoder itself compares, through interpreters of our own."""
    oracles = [Oracle(tflite, "tflm") for tflite in (before, after)]
    for number in range(count):
        sample = [array[number] for array in random_inputs(read_model(before).main, count)]
        first, second = (oracle.run(*sample) for oracle in oracles)
        assert [one.tobytes() for one in first] == [one.tobytes() for one in second]


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


def test_one_table_serves_many_scales() -> None:
    """Its tables are 0 bytes apart, which the decoder takes for every channel's."""
    values = few_values((CHANNELS, 5, 5, 12), 16, None)
    model = filter_model("CONV_2D", values, CHANNELS)
    shared = lut.encode(model.filter())
    assert len(shared.ancillary) == HEADER_BYTES + 16
    assert shared.ancillary[6] == 0
    assert decoded(model, shared).tobytes() == values.tobytes()


def test_the_formats_byte_by_byte() -> None:
    """Against the description of the kernels, not against any decoder."""
    values = np.array([[0, 0, 0, 0, 0, 7, -1, 0, 7]], np.int8)
    weights = Filter(values, (0,))
    assert prune.encode(weights) == Encoded(
        "prune", "67 % pruned", bytes([0b00000110, 0b10000000]),
        bytes([2, 1, 0, 0, 1]) + bytes(11) + bytes([7, 255, 7]), 19.0,
    )  # fmt: skip
    assert lut.encode(weights) == Encoded(
        "lut", "3 values, 2 bits, one table", bytes([0b01010101, 0b01100001, 0b10000000]),
        bytes([0, 1, 0, 0, 1, 0xF0 | 2, 3]) + bytes(9) + bytes([255, 0, 7]), 4.6,
    )  # fmt: skip
    # 0 is "0", 7 is "10", -1 is "11": one table of two bits, in which 0 has two entries.
    assert huffman.encode(weights) == Encoded(
        "huffman", "3 values, codes up to 2 bits, 4 table entries",
        bytes([0b00000101, 0b10100000]) + bytes(2),
        bytes([1, 1, 0, 0, 1, 1 << 4]) + bytes(10)
        + b"".join(entry.to_bytes(2, "little") for entry in (
            1 << 15 | 1 << 11 | 0, 1 << 15 | 1 << 11 | 0, 1 << 15 | 2 << 11 | 7,
            1 << 15 | 2 << 11 | 255,
        )),
        48.0,
    )  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("value", [0, -128, 127])
def test_a_single_value(method: TflmMethod, value: int) -> None:
    model = filter_model("FULLY_CONNECTED", np.full((9, 37), value, np.int8), 9)
    made = METHODS[method].encode(model.filter())
    assert (decoded(model, made) == value).all()
    if method == "huffman":
        assert made.stream == bytes(4), "no bit is needed, but the decoder reads a word"


def test_a_code_of_fifteen_bits() -> None:
    """Counts like Fibonacci's numbers make the longest codes: several tables, one after another."""
    counts = [1, 1]
    while len(counts) < 22:
        counts.append(counts[-1] + counts[-2])
    values = np.repeat(np.arange(-11, 11), counts).astype(np.int8)
    values = np.random.default_rng(5).permutation(values)[None]
    model = filter_model("FULLY_CONNECTED", values, 1)
    made = huffman.encode(model.filter())
    assert "up to 15 bits" in made.detail
    assert decoded(model, made).tobytes() == values.tobytes()


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


def test_a_file_is_not_compressed_twice() -> None:
    once = encoded(clustered(8), "auto")
    with pytest.raises(ModelError, match="DECODE operators already"):
        encoded(once.tflite, "auto")


def test_nothing_to_gain_is_refused_with_every_reason() -> None:
    with pytest.raises(ModelError) as caught:
        encoded(small_cnn(), "auto")
    assert caught.value.exit_code == 3
    assert len(caught.value.reasons) == 2
    assert "layer 'features' (CONV_2D)" in caught.value.reasons[0]
    assert "instead of 18" in caught.value.reasons[0]
    assert caught.value.hint is not None
    assert "cluster16" in caught.value.hint


def test_random_weights_are_refused_by_every_method() -> None:
    random = np.random.default_rng(1).integers(-128, 128, (40, 500)).astype(np.int8)
    model = filter_model("FULLY_CONNECTED", random, 1).tflite
    for compression in CHOICES:
        with pytest.raises(ModelError, match="would not make the model smaller"):
            encoded(model, compression)


def test_a_file_that_saves_less_than_the_code_takes_is_refused() -> None:
    small = converted(clustered(8))
    with pytest.raises(ModelError) as caught:
        encode_weights(small, "auto")
    assert caught.value.exit_code == 3
    assert f"DECODE operator takes about {DECODE_CODE_BYTES:,} bytes of code" in str(caught.value)
    assert "estimate" in str(caught.value)
    wide = encode_weights(converted(clustered(8, outputs=WIDE)), "auto").tflm_encoding
    assert wide is not None
    assert wide.saved_bytes > wide.code_bytes == DECODE_CODE_BYTES
    assert wide.code_obtained == "estimated"


def test_too_many_values_for_a_table() -> None:
    with pytest.raises(ModelError) as caught:
        encoded(clustered(200), "lut")
    assert any(
        "200 distinct values in its weights; a table has at most 128" in reason
        for reason in caught.value.reasons
    )


def test_no_compression_and_no_such_compression() -> None:
    model = converted(clustered(8))
    assert encode_weights(model, "none") is model
    with pytest.raises(ConfigError, match="allowed: none, auto, lut, huffman, prune"):
        encode_weights(model, "zip")  # type: ignore[arg-type]


def test_a_constant_that_another_operator_reads_stays() -> None:
    chosen, reasons = choices(clustered(8, share_dense=True), "auto")
    assert [one.layer for one in chosen.values()] == ["conv", "depthwise"]
    assert len(reasons) == 1
    assert "GATHER number 4 reads the same constant" in reasons[0]


def two_layers(*, share: str) -> bytes:
    """Two dense layers with one filter, or with two tensors of one buffer."""
    b = Builder()
    weights = few_values((64, 64), 8, None)
    source = b.tensor([1, 64], name="input", scales=[0.5])
    first = b.tensor([64, 64], data=weights, scales=[0.01])
    second = first
    if share == "buffer":
        second = b.tensor([64, 64], scales=[0.02])
        b.graph.tensors[second].buffer = b.graph.tensors[first].buffer
    middle = b.tensor([1, 64], name="one", scales=[100.0])
    last = b.tensor([1, 64], name="two", scales=[10000.0])
    b.op("FULLY_CONNECTED", [source, first, -1], [middle], schema.FullyConnectedOptionsT())
    b.op("FULLY_CONNECTED", [middle, second, -1], [last], schema.FullyConnectedOptionsT())
    return b.pack([source], [last])


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


def test_bytes_that_another_tensor_has_stay() -> None:
    with pytest.raises(ModelError) as caught:
        encoded(two_layers(share="buffer"), "auto")
    assert "another tensor has the same bytes of the file" in caught.value.reasons[0]


def test_weights_of_four_bits_stay() -> None:
    b = Builder()
    source = b.tensor([1, 512], scales=[0.5])
    packed = np.zeros(16 * 512 // 2, np.uint8).tobytes()
    weights = b.tensor([16, 512], "INT4", data=packed, scales=[0.1])
    made = b.tensor([1, 16], scales=[1.0])
    b.op("FULLY_CONNECTED", [source, weights, -1], [made], schema.FullyConnectedOptionsT())
    with pytest.raises(ModelError) as caught:
        encoded(b.pack([source], [made]), "auto")
    assert "its weights are int4, not constant int8" in caught.value.reasons[0]


def test_a_planned_arena_takes_no_further_tensor() -> None:
    b = Builder()
    source = b.tensor([1, 64], scales=[0.5])
    weights = b.tensor([64, 64], data=few_values((64, 64), 8, None), scales=[0.01])
    made = b.tensor([1, 64], scales=[100.0])
    b.op("FULLY_CONNECTED", [source, weights, -1], [made], schema.FullyConnectedOptionsT())
    plan = schema.MetadataT()
    plan.name, plan.buffer = "OfflineMemoryAllocation", len(b.model.buffers)
    buffer = schema.BufferT()
    buffer.data = np.array([1, 0, 3, 0, -1, 64], "<i4").view(np.uint8)
    b.model.buffers.append(buffer)
    b.model.metadata = [plan]
    with pytest.raises(ModelError, match="OfflineMemoryAllocation"):
        encoded(b.pack([source], [made]), "auto")


def test_scales_along_a_middle_dimension_are_for_huffman_alone() -> None:
    values = few_values((4, 5, 5, 16), 4, 1)
    weights = Filter(values, (0,) * 5, axis=1)
    for method in ("lut", "prune"):
        refusal = METHODS[method].refusal(weights)
        assert refusal is not None
        assert "scales lie along dimension 1" in refusal
    assert METHODS["huffman"].refusal(weights) is None


def test_every_scale_has_its_zero_point() -> None:
    """Pruned is what equals the zero point, along the first dimension and along the last."""
    values = np.array([[3, 3, -2], [3, -2, -2]], np.int8)
    assert prune.encode(Filter(values, (3, -2))).ancillary[HEADER_BYTES:] == bytes([254, 3])
    assert prune.encode(Filter(values, (3, 3, -2), axis=1)).ancillary[HEADER_BYTES:] == bytes([254])


@pytest.mark.parametrize(
    ("kind", "shape"), [("FULLY_CONNECTED", (6, 31)), ("DEPTHWISE_CONV_2D", (1, 5, 7, 6))]
)
def test_tflm_decodes_each_zero_point(kind: Kind, shape: tuple[int, ...]) -> None:
    """No converter writes such filters for these operators; the decoder takes them."""
    values = np.random.default_rng(3).integers(-3, 3, shape).astype(np.int8)
    model = filter_model(kind, values, 6, (0, 1, -2, 2, -3, -128))
    for method in METHODS.values():
        made = method.encode(model.filter())
        assert decoded(model, made).tobytes() == values.tobytes(), made.detail


def test_a_decoder_that_computes_something_else_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bitmap in the other order of bits, as a kernel of another format would read it."""

    def wrong(weights: Filter) -> Encoded:
        made = prune.encode(weights)
        bits = np.unpackbits(np.frombuffer(made.stream, np.uint8))
        return replace(made, stream=np.packbits(bits, bitorder="little").tobytes())

    monkeypatch.setattr(encoding, "METHODS", {"prune": Method(prune.refusal, wrong)})
    with pytest.raises(ModelError, match="gives other outputs"):
        encoded(with_half_zeros(clustered(200)), "prune")


def test_a_package_without_a_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an older package says of a type that it does not know."""

    def unknown(weights: Filter) -> Encoded:
        made = huffman.encode(weights)
        return replace(made, ancillary=b"\x09" + made.ancillary[1:])

    monkeypatch.setattr(encoding, "METHODS", {"huffman": Method(huffman.refusal, unknown)})
    with pytest.raises(ToolError, match="does not decode these weights") as caught:
        encoded(clustered(4), "huffman")
    assert caught.value.exit_code == 5
    assert "unsupported decode type 9" in str(caught.value)


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
