"""16x8 models on the road that a user takes: build, emulated board, serial protocol, oracle."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from support.models.collection import Collection

from tinycompress import pipeline
from tinycompress.cli.main import _run
from tinycompress.errors import ConfigError

pytestmark = pytest.mark.shared
FAMILY = (
    "add0", "add8", "conv0", "conv11", "leaky_relu0", "leaky_relu11", "pad0", "pad9", "quantize0",
    "quantize1", "strided_slice0", "strided_slice17", "sub0", "sub2", "transpose_conv0",
    "transpose_conv2",
)  # fmt: skip


def file_of(shared_data: Collection, name: str) -> Path:
    return shared_data.file(f"models/tflm_seanet_int16/{name}.tflite")


def test_the_list_is_the_whole_family(shared_data: Collection) -> None:
    found = {path.stem for path in file_of(shared_data, "add0").parent.glob("*.tflite")}
    assert found == set(FAMILY)


@pytest.mark.parametrize("name", FAMILY)
def test_built_run_and_exact(name: str, shared_data: Collection, tmp_path: Path) -> None:
    made = pipeline.build(
        file_of(shared_data, name), "nano33", toolchain="zig", output=tmp_path / name
    )
    assert made.model.activations == "int16"
    assert {spec.dtype for spec in (*made.model.inputs, *made.model.outputs)} <= {"int16", "int32"}
    result = pipeline.bench(tmp_path / name, runs=1)
    assert result.samples > 0
    assert result.mismatched_samples == 0


@pytest.mark.parametrize("name", ["conv0", "leaky_relu11", "add8"])
def test_exact_to_litert(name: str, shared_data: Collection, tmp_path: Path) -> None:
    pipeline.build(
        file_of(shared_data, name), "nano33", toolchain="zig", exact_to="litert",
        output=tmp_path / name,
    )  # fmt: skip
    result = pipeline.bench(tmp_path / name, runs=1)
    assert (result.oracle, result.mismatched_samples) == ("litert", 0)


def test_samples_of_a_user_cross_the_protocol_as_int16(
    shared_data: Collection, tmp_path: Path
) -> None:
    """Real values are quantised to 16 bits on the host; stored values are sent as they are."""
    model = file_of(shared_data, "leaky_relu0")
    made = pipeline.build(model, "nano33", toolchain="zig", output=tmp_path / "built")
    (spec,) = made.model.inputs
    stored = np.random.default_rng(5).integers(-32768, 32768, (4, *spec.shape[1:]))
    for name, x in (("stored", stored.astype(np.int16)), ("real", stored * spec.scale)):
        np.savez(tmp_path / f"{name}.npz", x=x)
        result = pipeline.bench(tmp_path / "built", samples=tmp_path / f"{name}.npz", runs=1)
        assert (result.samples, result.mismatched_samples) == (4, 0)


def test_what_a_tflite_has_is_not_converted(shared_data: Collection) -> None:
    with pytest.raises(ConfigError, match="has int16 activations, not int8"):
        pipeline.convert(file_of(shared_data, "add0"), None, activations="int8")
    kept = pipeline.convert(file_of(shared_data, "add0"), None, activations="int16")
    assert kept.activations == "int16"


def test_inspect_and_carray_take_them(
    shared_data: Collection, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(file_of(shared_data, "conv0"))
    assert _run(["inspect", model, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["activations"] == ["int16"]
    assert (shown["not_integer"], shown["aot"]["refused"]) == ([], [])
    assert _run(["inspect", model]) == 0
    assert "fully integer, 16x8: int16 activations, int8 weights" in capsys.readouterr().out
    assert _run(["carray", model, "-o", str(tmp_path)]) == 0
    header = (tmp_path / "conv0.h").read_text()
    assert "static inline int16_t conv0_input0_quantize(float real)" in header
    assert "static inline float conv0_output0_dequantize(int16_t stored)" in header
