"""Int8 files of models on fixed-point grids, without the packages that train them.

Plain Keras layers hold weights on a grid, and a small layer puts activations on one, as the tracing
of QKeras's and HGQ2's layers does. `test_quantized_layers.py` has the packages' own layers.
"""

from __future__ import annotations

import json
import sys
import zipfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.fixed_point import rounding_errors

from tinycompress import _tf
from tinycompress.artifacts import ExactTo
from tinycompress.conversion.calibrate import read_samples
from tinycompress.conversion.fixed_point.chains import refuse_rows
from tinycompress.conversion.fixed_point.file_weights import Exact
from tinycompress.conversion.fixed_point.grids import Grid, GridWeights, on_grid
from tinycompress.conversion.fixed_point.model import FixedPoint, exact_file
from tinycompress.conversion.fixed_point.tracing import on_int8
from tinycompress.conversion.frozen import FrozenGraph, freeze, input_specs
from tinycompress.conversion.load import load_model, wrap_model
from tinycompress.conversion.quantize import to_integers
from tinycompress.errors import ConfigError, ModelError
from tinycompress.ir.quantize import quantize
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

RNG = np.random.default_rng(7)
X = np.rint(RNG.uniform(-64, 63, (120, 8, 8, 2))).astype(np.float32) / 64
PIXELS = Grid(2.0**-6, -64, 63)
FOUR_BITS = Grid(2.0**-3, 0, 15)
SIGNED = Grid(2.0**-2, -16, 15)


def _on(grid: Grid, name: str) -> Any:
    keras = _tf.keras()

    def call(self: Any, value: Any) -> Any:
        return on_int8(value, grid)

    def compute_output_spec(self: Any, value: Any) -> Any:
        return keras.KerasTensor(value.shape, value.dtype)

    methods = {"call": call, "compute_output_spec": compute_output_spec}
    return type("OnGrid", (keras.layers.Layer,), methods)(name=name)


def _integers(low: int, high: int, *shape: int) -> Any:
    return RNG.integers(low, high + 1, shape)


def _model() -> tuple[Any, list[GridWeights]]:
    """A CNN with folded BatchNormalization, a depthwise layer and a dense one of several scales."""
    keras = _tf.keras()
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((8, 8, 2), name="image"),
            _on(PIXELS, "pixels"),
            layers.Conv2D(6, 3, name="conv"),
            layers.BatchNormalization(name="bn"),
            _on(FOUR_BITS, "relu"),
            layers.MaxPooling2D(2, name="pool"),
            layers.DepthwiseConv2D(3, padding="same", name="depthwise"),
            _on(SIGNED, "signed"),
            layers.Flatten(name="flatten"),
            layers.Dense(5, name="dense"),
        ]
    )
    conv, depthwise = _integers(-7, 7, 3, 3, 2, 6), _integers(-127, 127, 3, 3, 6, 1)
    dense, scales = _integers(-1, 1, 54, 5), np.array([0.3, 0.25, 0.11, 0.7, 1.0])
    model.get_layer("conv").set_weights([conv / 16, _integers(-20, 20, 6) / 64])
    gains = np.array([1.1, 0.4, -0.7, 2.0, 1.0, 0.9])
    model.get_layer("bn").set_weights([gains, gains / 8, gains / 4, np.full(6, 1.3)])
    model.get_layer("depthwise").set_weights([depthwise / 256, _integers(-20, 20, 6) / 256])
    model.get_layer("dense").set_weights([dense * scales, np.zeros(5)])
    kernels = {
        "conv": np.moveaxis(conv / 16, -1, 0).reshape(6, -1),
        "depthwise": (depthwise / 256).reshape(9, 6).T,
        "dense": (dense * scales).astype(np.float32).T,
    }
    units = {"conv": np.full(6, 1 / 16), "depthwise": np.full(6, 1 / 256), "dense": scales}
    found = [on_grid(name, rows, units[name]) for name, rows in kernels.items()]
    return model, [one for one in found if isinstance(one, GridWeights)]


def _converted(
    model: Any, weights: list[GridWeights], grids: tuple[Grid, ...], exact_to: ExactTo = "tflm"
) -> Exact:
    source = wrap_model(model)
    frozen = freeze(source, ((8, 8, 2),))
    samples = read_samples({"x": X}, input_specs(source))
    tflite = to_integers(frozen, samples, activations="int8", per_channel_dense=False)
    return exact_file(tflite, frozen, FixedPoint(tuple(weights), grids, frozen), exact_to)


@pytest.fixture(scope="module")
def exact() -> tuple[Exact, list[GridWeights]]:
    model, weights = _model()
    return _converted(model, weights, (PIXELS, FOUR_BITS, SIGNED)), weights


@pytest.mark.tf
def test_the_file_holds_the_very_integers(exact: tuple[Exact, list[GridWeights]]) -> None:
    file, weights = exact
    main = read_model(file.tflite).main
    stored = [main.tensors[op.inputs[1]] for op in main.ops if len(op.inputs) == 3]
    signs = {"conv": np.array([1, 1, -1, 1, 1, 1])}
    for tensor, one in zip(stored, weights, strict=True):
        assert tensor.data is not None
        assert tensor.quantization is not None
        axis = tensor.quantization.axis
        rows = np.moveaxis(tensor.data, axis, 0).reshape(tensor.shape[axis], -1)
        turned = signs.get(one.layer, np.ones(len(rows)))[:, None]
        np.testing.assert_array_equal(rows * turned, one.integers)
    plain = stored[1].quantization
    assert plain is not None
    assert set(plain.scales) == {2.0**-8}
    dense = stored[2].quantization
    assert dense is not None
    np.testing.assert_allclose(dense.scales, weights[2].steps, rtol=1e-6)


@pytest.mark.tf
def test_activations_have_the_powers_of_two(exact: tuple[Exact, list[GridWeights]]) -> None:
    main = read_model(exact[0].tflite).main
    found = [
        (main.tensors[op.outputs[0]].quantization, op.kind)
        for op in main.ops
        if op.outputs[0] not in main.outputs
    ]
    scales = [(one.scale, one.zero_point) for one, _ in found if one is not None]
    assert set(scales) == {(2.0**-3, 112), (2.0**-2, 112), (2.0**-6, 64)}
    (image,) = main.inputs
    quantization = main.tensors[image].quantization
    assert quantization is not None
    assert (quantization.scale, quantization.zero_point) == (2.0**-6, 64)
    assert exact[0].notes == ()


@pytest.mark.tf
@pytest.mark.parametrize("exact_to", ["tflm", "litert"])
def test_every_sum_is_rounded_to_its_step(
    exact: tuple[Exact, list[GridWeights]], exact_to: Any
) -> None:
    errors = rounding_errors(exact[0].tflite, X[:20], exact_to)
    assert len(errors) == 3
    assert all(error <= 0 for error in errors.values()), errors


@pytest.mark.tf
@pytest.mark.parametrize("exact_to", ["tflm", "litert"])
@pytest.mark.parametrize("kind", ["Conv2D", "DepthwiseConv2D", "Dense"])
def test_a_sum_behind_relu_is_rounded_once_halves_upwards(kind: str, exact_to: ExactTo) -> None:
    """Steps of 1/4 of a sum whose unit is 1/64: every sixteenth sum is a tie, and one is beside."""
    keras = _tf.keras()
    layers = keras.layers
    makers = {
        "Conv2D": lambda: layers.Conv2D(3, 3, use_bias=False, name="layer"),
        "DepthwiseConv2D": lambda: layers.DepthwiseConv2D(3, use_bias=False, name="layer"),
        "Dense": lambda: layers.Dense(3, use_bias=False, name="layer"),
    }
    begin = [layers.Flatten()] if kind == "Dense" else []
    inner = [_on(PIXELS, "pixels"), *begin, makers[kind](), _on(Grid(0.25, 0, 255), "relu")]
    model = keras.Sequential([keras.Input((8, 8, 2), name="image"), *inner])
    kernel = _integers(-3, 3, *model.get_layer("layer").kernel.shape)
    model.get_layer("layer").set_weights([kernel])
    flat = kernel[..., 0] if kind == "DepthwiseConv2D" else kernel
    rows = np.moveaxis(flat, -1, 0).reshape(flat.shape[-1], -1)
    weights = on_grid("layer", rows, np.ones(len(rows)))
    assert isinstance(weights, GridWeights)
    tflite = _converted(model, [weights], (PIXELS, Grid(0.25, 0, 255)), exact_to).tflite
    layer = model.get_layer("layer")
    sums = np.asarray(layer(X[:30].reshape(30, -1) if kind == "Dense" else X[:30]))
    wanted = np.clip(np.floor(sums / 0.25 + 0.5), 0, 255)
    with closing(Oracle(tflite, exact_to)) as oracle:
        (spec,) = oracle.inputs
        said = [oracle.run(quantize(x[np.newaxis], spec))[0] for x in X[:30]]
    np.testing.assert_array_equal(np.stack(said).reshape(wanted.shape) + 128.0, wanted)


@pytest.mark.tf
def test_the_lower_end_of_signed_bits_is_clipped() -> None:
    keras = _tf.keras()
    model = keras.Sequential(
        [keras.Input((8, 8, 2)), _on(SIGNED, "signed"), keras.layers.MaxPooling2D(1)]
    )
    source = wrap_model(model)
    frozen = freeze(source, ((8, 8, 2),))
    samples = read_samples({"x": X * 30}, input_specs(source))
    tflite = to_integers(frozen, samples, activations="int8", per_channel_dense=False)
    main = read_model(tflite).main
    assert [op.kind for op in main.ops][:1] == ["MAXIMUM"]
    constant = next(tensor.data for tensor in main.tensors if tensor.data is not None)
    assert constant.reshape(-1).tolist() == [SIGNED.low + SIGNED.zero_point]


@pytest.mark.tf
def test_weights_that_a_layer_does_not_have_are_told() -> None:
    model, weights = _model()
    wrong = [
        replace(one, integers=np.roll(one.integers, 1, axis=1)) if one.layer == "conv" else one
        for one in weights
    ]
    with pytest.raises(ModelError, match="changed weights") as caught:
        _converted(model, wrong, ())
    assert caught.value.reasons == ("layer 'conv'",)


@pytest.mark.tf
def test_steps_that_the_file_lacks_are_told() -> None:
    model, weights = _model()
    with pytest.raises(ModelError, match="did not keep the steps") as caught:
        _converted(model, weights, (Grid(2.0**-5, 0, 255),))
    assert caught.value.reasons == ("step 0.03125, integers 0 to 255",)


@pytest.mark.tf
def test_a_bias_between_the_steps_of_its_sum_is_told() -> None:
    model, weights = _model()
    conv = model.get_layer("depthwise")
    conv.set_weights([conv.get_weights()[0], np.full(6, 0.0007)])
    (note,) = _converted(model, weights, ()).notes[:1]
    assert "biases of 'depthwise'" in note


@pytest.mark.tf
def test_weights_without_a_quantiser_are_told_and_keep_the_converters_integers() -> None:
    model, weights = _model()
    dense = model.get_layer("dense")
    dense.set_weights([RNG.uniform(-1, 1, (54, 5)), RNG.uniform(-1, 1, 5)])
    made = _converted(model, weights[:2], (PIXELS, FOUR_BITS, SIGNED))
    assert made.notes == (
        f"the weights of '{model.name}/dense/BiasAdd' have no quantiser: they were rounded to 8"
        " bits",
    )
    errors = rounding_errors(made.tflite, X[:8], "tflm")
    assert all(error <= 0 for error in errors.values()), errors


@pytest.mark.tf
def test_two_quantisers_in_a_row_are_refused() -> None:
    keras = _tf.keras()
    model = keras.Sequential(
        [
            keras.Input((8, 8, 2)),
            keras.layers.Conv2D(2, 1),
            _on(SIGNED, "first"),
            _on(FOUR_BITS, "second"),
        ]
    )
    frozen: FrozenGraph = freeze(wrap_model(model), ((8, 8, 2),))
    with pytest.raises(ModelError, match="quantises values twice") as caught:
        refuse_rows("model", frozen.graph_def)
    assert "first" in caught.value.reasons[0]
    assert "second" in caught.value.reasons[0]


def _renamed(path: Path, package: str, version: str) -> Path:
    """A saved Keras model whose layer says that it is of another package."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    layer = config["config"]["layers"][1]
    layer |= {
        "module": f"{package}.qlayers", "class_name": "QDense",
        "registered_name": f"{package}>QDense",
    }  # fmt: skip
    metadata = json.loads(members["metadata.json"]) | {"keras_version": version}
    members |= {
        "config.json": json.dumps(config).encode(), "metadata.json": json.dumps(metadata).encode(),
    }  # fmt: skip
    made = path.with_name(f"{package}.keras")
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return made


@pytest.fixture
def dense(tmp_path: Path) -> Path:
    keras = _tf.keras()
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)]).save(tmp_path / "dense.keras")
    return tmp_path / "dense.keras"


@pytest.mark.tf
@pytest.mark.parametrize(("package", "pip"), [("qkeras", "qkeras-v3"), ("hgq", "hgq2")])
def test_a_package_that_is_missing_is_named(
    dense: Path, package: str, pip: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigError, match=f"{package} is not installed") as caught:
        load_model(_renamed(dense, package, "3.5.0"))
    assert caught.value.hint == f"pip install {pip}"


@pytest.mark.tf
def test_a_model_of_the_old_qkeras_is_refused(dense: Path) -> None:
    with pytest.raises(ModelError, match="layers of qkeras for Keras 2") as caught:
        load_model(_renamed(dense, "qkeras", "2.15.0"))
    assert caught.value.hint is not None
    assert "qkeras-v3" in caught.value.hint
