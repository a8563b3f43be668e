"""Weights in half precision in a float file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.models.float_files import float_dense
from support.models.tflite_files import Builder

from tinycompress.codegen.passes import run_passes
from tinycompress.conversion.floats.converting import convert_to_floats
from tinycompress.conversion.floats.half_weights import with_half_weights
from tinycompress.errors import ConfigError, ModelError
from tinycompress.ir.graph import DType
from tinycompress.ir.reader import read_model
from tinycompress.options import BuildOptions
from tinycompress.oracle import Oracle


def test_runtimes_expand_the_nearest_halves() -> None:
    tflite = float_dense()
    made = with_half_weights(tflite)
    assert len(tflite) - len(made) > 0.9 * 2 * 40 * 50
    graph = run_passes(read_model(made).main)
    (op,) = graph.ops
    weights = graph.tensors[op.inputs[1]]
    assert weights.dtype is DType.FLOAT16
    before = np.asarray(read_model(tflite).main.tensors[2].data)
    assert np.array_equal(np.asarray(weights.data), before.astype(np.float16))
    x = np.random.default_rng(3).standard_normal((1, 50)).astype(np.float32)
    wanted = before.astype(np.float16).astype(np.float32) @ x[0]
    wanted += np.asarray(read_model(tflite).main.tensors[3].data)
    assert Oracle(made, "litert").run(x)[0] == pytest.approx(wanted[None], abs=1e-5)


def test_halves_stay_as_they_are() -> None:
    made = with_half_weights(float_dense())
    assert with_half_weights(made) == made


def test_a_weight_beyond_half_precision_is_named() -> None:
    with pytest.raises(ModelError, match=r"op 0 FULLY_CONNECTED 'y' has a weight of 70000") as told:
        with_half_weights(float_dense(70000.0))
    assert told.value.hint == "build it with --precision float32"


def test_a_file_is_passed_on(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(float_dense())
    made = convert_to_floats(path, None, precision="float32")
    assert (made.tflite, made.activations, made.precision) == (float_dense(), "float32", "float32")
    path.write_bytes(convert_to_floats(path, None, precision="float16").tflite)
    with pytest.raises(ModelError, match="weights in half precision") as told:
        convert_to_floats(path, None, precision="float32")
    assert told.value.hint == "build it with --precision float16"


def test_integers_have_no_float_precision(tmp_path: Path) -> None:
    b = Builder()
    x, y = (b.tensor([1, 4], scales=[0.1], zero_points=[0]) for _ in range(2))
    b.op("RELU", [x], [y])
    path = tmp_path / "m.tflite"
    path.write_bytes(b.pack([x], [y]))
    with pytest.raises(ModelError, match="computes on int8 already, not on float32"):
        convert_to_floats(path, None, precision="float32")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("engine", "tflm", "--engine tflm"),
        ("activations", "int16", "--activations int16"),
        ("calibrator", "mse", "--calibrator mse"),
        ("max_accuracy_drop", 0.1, "--max-accuracy-drop 0.1"),
        ("weights", "plain", "--weights plain"),
    ],
)
def test_what_is_about_integers_is_refused_beside_it(name: str, value: object, said: str) -> None:
    with pytest.raises(ConfigError, match=f"--precision float16 has no integers: no {said}"):
        BuildOptions(precision="float16", **{name: value})  # type: ignore[arg-type]


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(ConfigError, match="allowed: int8, float16, float32"):
        BuildOptions(precision="float64")  # type: ignore[arg-type]
