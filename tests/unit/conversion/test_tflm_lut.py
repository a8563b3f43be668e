"""Lookup tables for TFLM's DECODE: smaller files, the same bytes on its interpreter, refusals."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from ai_edge_litert import schema_py_generated as schema
from support.compression.clustered_models import CHANNELS, clustered, few_values
from support.models.collection import Collection
from support.models.tflite_files import Builder, pack, small_cnn, unpack

from tinycompress import pipeline
from tinycompress.artifacts import ConvertedModel
from tinycompress.cli.main import _run
from tinycompress.conversion import tflm_lut
from tinycompress.conversion.tflm_lut import compress_with_tables
from tinycompress.errors import ConfigError, ModelError, ToolError
from tinycompress.ir.random_inputs import random_inputs
from tinycompress.ir.reader import DECODE_CUSTOM_CODE, read_model
from tinycompress.ir.specs import input_specs, output_specs
from tinycompress.ir.summary import not_integer_reasons
from tinycompress.oracle import Oracle


def converted(tflite: bytes) -> ConvertedModel:
    graph = read_model(tflite).main
    digest = hashlib.sha256(tflite).hexdigest()
    return ConvertedModel(tflite, digest, input_specs(graph), output_specs(graph))


@pytest.mark.parametrize(("count", "bits"), [(2, 1), (3, 2), (8, 3), (16, 4), (30, 5), (40, 6)])
def test_outputs_stay_and_the_file_shrinks(count: int, bits: int) -> None:
    before = converted(clustered(count))
    after = compress_with_tables(before)
    assert after.lut is not None
    assert (after.lut.before_bytes, after.lut.after_bytes) == (
        len(before.tflite), len(after.tflite),
    )  # fmt: skip
    assert len(after.tflite) < len(before.tflite)
    assert after.sha256 == hashlib.sha256(after.tflite).hexdigest()
    by_layer = {one.layer: one for one in after.lut.tensors}
    assert by_layer["conv"].bits == bits
    assert (by_layer["conv"].tables, by_layer["conv"].distinct_values) == (CHANNELS, count)
    assert by_layer["dense"].tables == 1
    assert after.lut.decoded_peak_bytes == 10 * 36 * CHANNELS
    (warning,) = after.warnings
    assert "DECODE operator takes about 18,808 bytes of code" in warning

    # More inputs than the stage itself compares, through interpreters of our own.
    oracles = [Oracle(model.tflite, "tflm") for model in (before, after)]
    for array in random_inputs(read_model(before.tflite).main, 12)[0]:
        first, second = (oracle.run(array)[0] for oracle in oracles)
        assert first.tobytes() == second.tobytes()
        assert len(np.unique(first)) > 5


def test_the_tables_hold_the_weights() -> None:
    """Decode the written file by the format's description, not by the runtime."""
    before, after = clustered(8), compress_with_tables(converted(clustered(8)))
    graph = read_model(after.tflite).main
    original = read_model(before).main
    decoded = {}
    for op in graph.ops:
        if op.custom_code == DECODE_CUSTOM_CODE:
            encoded, ancillary = (graph.tensors[index].data for index in op.inputs)
            assert encoded is not None
            assert ancillary is not None
            decoded[op.outputs[0]] = decode(encoded, ancillary, graph.tensors[op.outputs[0]].shape)
    assert len(decoded) == 3
    for old, new in zip(
        [op for op in original.ops if op.kind != "RESHAPE"],
        [op for op in graph.ops if op.kind not in ("RESHAPE", "CUSTOM")],
        strict=True,
    ):
        np.testing.assert_array_equal(decoded[new.inputs[1]], original.tensors[old.inputs[1]].data)


def decode(
    encoded: npt.NDArray[Any], ancillary: npt.NDArray[Any], shape: tuple[int, ...]
) -> npt.NDArray[np.int8]:
    bits, axis, stride = int(ancillary[5]) & 7, int(ancillary[5]) >> 4, int(ancillary[6])
    stream = np.unpackbits(encoded)[: bits * int(np.prod(shape))].reshape(-1, bits)
    indices = (stream @ (1 << np.arange(bits)[::-1])).reshape(shape)
    tables = ancillary[16:].view(np.int8).reshape(-1, stride)
    if axis == 15:
        whole: npt.NDArray[np.int8] = tables[0][indices]
        return whole
    channel = np.arange(shape[axis]).reshape([-1 if n == axis else 1 for n in range(len(shape))])
    by_channel: npt.NDArray[np.int8] = tables[channel, indices]
    return by_channel


def test_the_same_bytes_every_time() -> None:
    model = converted(clustered(16))
    assert compress_with_tables(model).tflite == compress_with_tables(model).tflite


def test_a_file_is_not_compressed_twice() -> None:
    once = compress_with_tables(converted(clustered(8)))
    with pytest.raises(ModelError, match="DECODE operators already"):
        compress_with_tables(once)


def test_nothing_to_gain_is_refused_with_every_reason() -> None:
    with pytest.raises(ModelError) as caught:
        compress_with_tables(converted(small_cnn()))
    assert caught.value.exit_code == 3
    assert len(caught.value.reasons) == 2
    assert "layer 'features' (CONV_2D)" in caught.value.reasons[0]
    assert "instead of 18" in caught.value.reasons[0]
    assert caught.value.hint is not None
    assert "cluster16" in caught.value.hint


def test_too_many_values_for_a_table() -> None:
    with pytest.raises(ModelError) as caught:
        compress_with_tables(converted(clustered(200)))
    assert any(
        "200 distinct values in its weights; DECODE takes at most 128" in reason
        for reason in caught.value.reasons
    )


def test_a_constant_that_another_operator_reads_stays() -> None:
    model = clustered(8, share_dense=True)
    chosen, reasons = tflm_lut._choose(read_model(model).main)
    assert [one.layer for one in chosen.values()] == ["conv", "depthwise"]
    assert len(reasons) == 1
    assert "GATHER number 4 reads the same constant" in reasons[0]


def test_scales_along_a_middle_dimension_are_left() -> None:
    b = Builder()
    image = b.tensor([1, 6, 6, 2], scales=[0.5])
    kernel = b.tensor([4, 5, 5, 2], data=few_values((4, 5, 5, 2), 4, 1), scales=[0.1] * 5, axis=1)
    made = b.tensor([1, 6, 6, 4], scales=[1.0])
    options = schema.Conv2DOptionsT()
    options.strideH = options.strideW = 1
    b.op("CONV_2D", [image, kernel], [made], options)
    with pytest.raises(ModelError) as caught:
        compress_with_tables(converted(b.pack([image], [made])))
    assert "scales lie along dimension 1" in caught.value.reasons[0]


def test_a_decoder_that_computes_something_else_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """One table for per-channel weights: the tool writes it, the kernel reads past its end."""
    monkeypatch.setattr(tflm_lut, "_slices", lambda tensor: [tensor.data])
    with pytest.raises(ModelError, match="gives other outputs"):
        compress_with_tables(converted(clustered(4)))


def test_a_package_without_the_tool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tflite_micro.tensorflow.lite.micro.compression", None)
    monkeypatch.delitem(sys.modules, "tflite_micro", raising=False)
    with pytest.raises(ToolError, match="no compression tool") as caught:
        compress_with_tables(converted(clustered(4)))
    assert caught.value.exit_code == 5


def test_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, output = tmp_path / "model.tflite", tmp_path / "small.tflite"
    model.write_bytes(clustered(8))
    arguments = ["convert", str(model), "-o", str(output), "--weights", "lut"]
    assert _run(arguments) == 0
    said = capsys.readouterr().out
    assert f"{model.stat().st_size:,} -> {output.stat().st_size:,} bytes" in said
    assert "the same on 8 random inputs" in said
    assert _run([*arguments, "--json"]) == 0
    lut = json.loads(capsys.readouterr().out)["lut"]
    assert lut["after_bytes"] == output.stat().st_size
    assert len(lut["tensors"]) == 3


def test_a_compressed_file_is_int8_and_goes_on(tmp_path: Path) -> None:
    """What convert wrote is what a later build takes: for TFLM, while the AOT engine refuses it."""
    once = compress_with_tables(converted(clustered(8)))
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


def test_a_refusal_writes_nothing(tmp_path: Path) -> None:
    model, output = tmp_path / "model.tflite", tmp_path / "small.tflite"
    model.write_bytes(small_cnn())
    assert _run(["convert", str(model), "-o", str(output), "--weights", "lut"]) == 3
    assert not output.exists()


def test_the_aot_engine_needs_no_tables(tmp_path: Path) -> None:
    model = tmp_path / "model.tflite"
    model.write_bytes(clustered(8))
    with pytest.raises(ConfigError, match="for the engine tflm, not aot"):
        pipeline.build(model, "nano33", tflm_compression="lut", output=tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.shared
def test_the_wake_word_model_clustered_by_rounding(shared_data: Collection) -> None:
    """A real topology: every filter of the visual wake words model rounded to 8 values."""
    path = shared_data.file("models/mlperf_tiny/vww_96_int8.tflite")
    model = unpack(path.read_bytes())
    graph = model.subgraphs[0]
    for op in graph.operators:
        if model.operatorCodes[op.opcodeIndex].builtinCode in (
            schema.BuiltinOperator.CONV_2D, schema.BuiltinOperator.FULLY_CONNECTED,
        ):  # fmt: skip
            buffer = model.buffers[graph.tensors[op.inputs[1]].buffer]
            stored = np.asarray(buffer.data, np.uint8).view(np.int8)
            buffer.data = (stored // 32 * 32).astype(np.int8).view(np.uint8)
    before = converted(pack(model))
    after = compress_with_tables(before)
    assert len(after.tflite) < 0.85 * len(before.tflite)
    assert after.warnings == ()
