"""Calibrated ranges in the int8 file: exactly those that were asked for, and what they change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from support.compression.classifier import CLASSES, classifier, recipe
from support.compression.classifier import X as POINTS

from tinycompress import _tf
from tinycompress._progress import no_progress
from tinycompress.boards import load_board
from tinycompress.calibrators import registry
from tinycompress.calibrators.base import Grid, Observed, Range
from tinycompress.cli.main import _run
from tinycompress.conversion import ConvertOptions, convert_in_subprocess, convert_model
from tinycompress.conversion.calibrate import Samples
from tinycompress.conversion.frozen import freeze
from tinycompress.conversion.load import wrap_model
from tinycompress.conversion.observing import observe
from tinycompress.conversion.quantize import quantized, to_calibrated, to_integers
from tinycompress.conversion.ranges import require_ranges, shared_ranges, with_ranges
from tinycompress.deploy.compressing import compress
from tinycompress.errors import ConfigError, ModelError
from tinycompress.ir.graph import Graph, Tensor
from tinycompress.ir.reader import read_model
from tinycompress.options import BuildOptions
from tinycompress.pipeline.building import _to_build

pytestmark = pytest.mark.tf

X = np.random.default_rng(0).standard_normal((40, 8, 8, 1)).astype(np.float32)
FIXED = {"SOFTMAX": (1 / 256, -128), "TANH": (1 / 128, 0), "LOGISTIC": (1 / 256, -128)}


@cache
def model() -> Any:
    """Residual, concatenated, pooled; operators with fixed ranges in the middle and at the end."""
    keras = _tf.keras()
    keras.utils.set_random_seed(1)
    layers = keras.layers
    image = keras.Input((8, 8, 1), name="image")
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv")(image)
    x = layers.Add(name="add")([x, layers.DepthwiseConv2D(3, padding="same", name="dw")(x)])
    gate = layers.Conv2D(4, 3, padding="same", activation="tanh", name="gate")(x)
    x = layers.MaxPooling2D(2, name="pool")(layers.Concatenate(name="join")([x, gate]))
    x = layers.Flatten(name="flat")(layers.AveragePooling2D(2, name="mean")(x))
    x = layers.Dense(6, activation="sigmoid", name="squeeze")(x)
    return keras.Model(image, layers.Dense(5, activation="softmax", name="out")(x), name="calib")


@cache
def frozen() -> Any:
    return freeze(wrap_model(model()), ((8, 8, 1),))


@cache
def calibrated() -> bytes:
    return to_calibrated(frozen(), Samples("x", (X,)))


PLAIN = partial(quantized, per_channel_dense=False, per_tensor_weights=False)


def activations(tflite: bytes) -> Iterator[tuple[str, Tensor]]:
    """Every activation with the kind of the operator that makes it, '' for an input."""
    graph: Graph = read_model(tflite).main
    made = {index: op.kind for op in graph.ops for index in op.outputs}
    for tensor in graph.tensors:
        if tensor.data is None and tensor.quantization is not None:
            yield made.get(tensor.index, ""), tensor


def scales(tflite: bytes) -> dict[str, tuple[float, int]]:
    return {
        tensor.name: (tensor.quantization.scale, tensor.quantization.zero_point)
        for _, tensor in activations(tflite)
        if tensor.quantization is not None
    }


def test_with_its_own_ranges_the_file_is_the_converters() -> None:
    mine, own = PLAIN(calibrated()), to_integers(
        frozen(), Samples("x", (X,)), activations="int8", per_channel_dense=False
    )  # fmt: skip
    for one, other in zip(read_model(mine).main.tensors, read_model(own).main.tensors, strict=True):
        assert one.name == other.name
        assert (one.shape, one.dtype, one.quantization) == (
            other.shape, other.dtype, other.quantization,
        )  # fmt: skip
        assert (one.data is None) == (other.data is None)
        assert one.data is None or one.data.tobytes() == np.asarray(other.data).tobytes()
    for op, same in zip(read_model(mine).main.ops, read_model(own).main.ops, strict=True):
        assert (op.kind, op.inputs, op.outputs) == (same.kind, same.inputs, same.outputs)
        assert dict(op.options) == dict(same.options)


def test_the_file_has_the_ranges_that_are_asked_for() -> None:
    """Any ranges, of all tensors; scale and zero point to the bit, equal where they must be."""
    shared = shared_ranges(calibrated(), PLAIN)
    rng = np.random.default_rng(2)
    for _ in range(8):
        ranges = {
            one: Range(-float(abs(rng.normal() * 10.0 ** rng.integers(-2, 3))),
                       float(abs(rng.normal() * 10.0 ** rng.integers(-2, 3))))
            for one in shared
        }  # fmt: skip
        tflite = PLAIN(with_ranges(calibrated(), ranges))
        require_ranges(tflite, ranges)
        stored = scales(tflite)
        for one, range_ in ranges.items():
            width = np.float32(range_.high) - np.float32(range_.low)
            assert {stored[name] for name in one.names} == {
                (float(width / np.float32(255)), range_.zero_point)
            }
    joined = {name for one in shared if len(one.names) > 1 for name in one.names}
    for layer in ("join", "pool", "mean", "flat"):
        assert any(f"/{layer}/" in name for name in joined), layer
    wrong = {**ranges, shared[0]: Range(-1.0, 1.5)}
    with pytest.raises(ModelError, match="did not keep") as caught:
        require_ranges(tflite, wrong)
    assert len(caught.value.reasons) == len(shared[0].names)


@pytest.mark.parametrize("name", [*registry.CALIBRATORS])
@pytest.mark.parametrize("symmetric", [False, True])
def test_every_calibrator_is_in_the_file_exactly(name: str, symmetric: bool) -> None:
    seen = observe(calibrated(), frozen(), Samples("x", (X,)), shared_ranges(calibrated(), PLAIN))
    wanted = {
        tensor: registry.CALIBRATORS[name](observed, Grid(symmetric))
        for one, observed in seen.items()
        for tensor in one.names
    }
    if name == "minmax" and not symmetric:
        return  # the converter's own way
    options = ConvertOptions(calibrator=name, symmetric_activations=symmetric)
    tflite = convert_model(model(), X, options=options).tflite
    counted = 0
    for kind, tensor in activations(tflite):
        found = tensor.quantization
        assert found is not None
        if kind in FIXED:
            assert (found.scale, found.zero_point) == FIXED[kind]
        elif tensor.name in wanted:
            range_ = wanted[tensor.name]
            assert (found.scale, found.zero_point) == (range_.scale, range_.zero_point)
            assert not symmetric or found.zero_point == 0
            counted += 1
    assert counted == 11


def test_what_is_observed_is_what_the_model_computes() -> None:
    """The converter itself takes the output of an ADD for the values of its first input."""
    seen = observe(calibrated(), frozen(), Samples("x", (X,)), shared_ranges(calibrated(), PLAIN))
    inside = _tf.keras().Model(model().input, model().get_layer("dw").output)
    values = np.asarray(inside(X))
    (found,) = [one for shared, one in seen.items() if "/dw/" in shared.names[0]]
    assert found.low == pytest.approx(float(values.min()), rel=1e-5)
    assert found.high == pytest.approx(float(values.max()), rel=1e-5)
    assert found.counts.sum() + found.zeros == values.size


def test_auto_is_no_worse_than_any_and_says_what_it_took() -> None:
    from tinycompress.conversion.best_ranges import output_error

    error = output_error(calibrated(), frozen(), Samples("x", (X,)), "tflm")
    found = convert_model(model(), X, options=ConvertOptions(calibrator="auto"))
    assert any("ranges chosen by the error of the outputs" in told for told in found.warnings)
    others = [
        error(convert_model(model(), X, options=ConvertOptions(calibrator=name)).tflite)
        for name in registry.CALIBRATORS
    ]
    assert error(found.tflite) <= min(others)


def test_weights_have_one_scale_by_request() -> None:
    per_tensor = ConvertOptions(per_tensor_weights=True, calibrator="mse")
    for options in (per_tensor, replace(per_tensor, calibrator="minmax")):
        graph = read_model(convert_model(model(), X, options=options).tflite).main
        for op in graph.ops:
            if op.kind in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
                weights = graph.tensors[op.inputs[1]].quantization
                assert weights is not None
                assert len(weights.scales) == 1, op.kind


def test_it_is_repeatable_and_the_same_in_a_process_of_its_own() -> None:
    options = ConvertOptions(calibrator="kl", per_tensor_weights=True)
    first = convert_model(model(), X, options=options).tflite
    assert convert_model(model(), X, options=options).tflite == first
    assert convert_in_subprocess(model(), X, options=options).tflite == first


def toy(observed: Observed, grid: Grid) -> Range:
    """Half of what there is."""
    return grid.over(observed.low / 2, observed.high / 2)


def test_a_calibrator_of_ones_own_is_one_function_and_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The library, the command line and recipes know it from the registry."""
    added = MappingProxyType({**registry.CALIBRATORS, "toy": toy})
    monkeypatch.setattr(registry, "CALIBRATORS", added)
    monkeypatch.setattr("tinycompress.conversion.calibrated.CALIBRATORS", added)
    model().save(tmp_path / "m.keras")
    np.savez(tmp_path / "calib.npz", x=X)
    arguments = ["convert", str(tmp_path / "m.keras"), "--data", str(tmp_path / "calib.npz")]
    assert _run([*arguments, "--calibrator", "toy", "-o", str(tmp_path / "m.tflite")]) == 0
    ((_, image), *_) = activations((tmp_path / "m.tflite").read_bytes())
    assert image.quantization is not None
    assert image.quantization.scale == Range(float(X.min()) / 2, float(X.max()) / 2).scale
    run = compress(
        classifier(),
        recipe(
            {"kind": "train", "fine_tune": {"epochs": 0}},
            {"kind": "convert", "calibrator": "toy", "calibration_samples": 50},
        ),
        (POINTS, CLASSES),
    )
    ((_, given), *_) = activations(run.tflite)
    assert given.quantization is not None
    whole = compress(
        classifier(), recipe({"kind": "train", "fine_tune": {"epochs": 0}}), (POINTS, CLASSES)
    )
    ((_, plain), *_) = activations(whole.tflite)
    assert plain.quantization is not None
    assert given.quantization.scale < 0.6 * plain.quantization.scale


def test_what_has_ranges_already_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(convert_model(model(), X).tflite)
    with pytest.raises(ConfigError, match="has its ranges already"):
        convert_model(path, None, options=ConvertOptions(calibrator="mse"))


def test_build_converts_as_convert_does(tmp_path: Path) -> None:
    model().save(tmp_path / "m.keras")
    np.savez(tmp_path / "calib.npz", x=X)
    chosen = BuildOptions(
        data=tmp_path / "calib.npz", calibrator="kl", symmetric_activations=True,
        per_tensor_weights=True,
    )  # fmt: skip
    made = _to_build(tmp_path / "m.keras", load_board("nano33"), chosen, no_progress)
    given = ConvertOptions(calibrator="kl", symmetric_activations=True, per_tensor_weights=True)
    assert scales(made.tflite) == scales(convert_model(model(), X, options=given).tflite)
    assert {zero for _, zero in scales(made.tflite).values()} == {0, -128}
