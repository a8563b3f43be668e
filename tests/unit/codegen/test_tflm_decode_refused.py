"""What is not encoded for TFLM's DECODE, and why."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from support.compression.clustered_models import WIDE, clustered, few_values
from support.compression.tflm_encoded import (
    CHOICES,
    choices,
    converted,
    encoded,
    two_layers,
)
from support.models.filter_models import filter_model
from support.models.tflite_files import Builder, small_cnn

from benchmarks.weights.encoded_networks import with_half_zeros
from tinycompress.codegen.tflm import encode_weights
from tinycompress.codegen.tflm.decode import encoding, huffman, prune
from tinycompress.codegen.tflm.decode.encoding import DECODE_CODE_BYTES
from tinycompress.codegen.tflm.decode.format import Encoded, Filter, Method
from tinycompress.errors import ConfigError, ModelError, ToolError


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
