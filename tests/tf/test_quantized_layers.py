"""Models of QKeras's and HGQ2's own layers, from the saved file to int8: ``make test-fixed-point``.

Neither package is in the environment of development: both install a package called ``qkeras``. Each
is put on the path by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from support.fixed_point import rounding_errors, tensors_of

from tinycompress import _tf
from tinycompress.conversion import ConvertOptions, convert_model
from tinycompress.conversion.isolated import convert_in_subprocess
from tinycompress.conversion.load import load_model
from tinycompress.errors import ConfigError, ModelError
from tinycompress.ir.graph import Graph
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

Array = npt.NDArray[Any]
X = np.rint(np.random.default_rng(3).uniform(0, 16, (120, 8, 8, 1))).astype(np.float32) / 16


def _q() -> Any:
    _tf.quantized_layers("qkeras")
    return import_module("qkeras")


def _seeded(layers: list[Any]) -> Any:
    """A model of these layers behind an input, its variables drawn anew."""
    keras = _tf.keras()
    keras.utils.set_random_seed(11)
    model = keras.Sequential([keras.Input((8, 8, 1), name="image"), *layers], name="net")
    draw = np.random.default_rng(5)
    for variable in model.trainable_variables:
        variable.assign(draw.uniform(-0.9, 0.9, variable.shape))
    return model


def _cnn() -> Any:
    keras, q = _tf.keras(), _q()
    bits = q.quantized_bits
    return _seeded(
        [
            q.QActivation(bits(8, 1, alpha=1), name="pixels"),
            q.QConv2D(
                6, 3, kernel_quantizer=bits(4, 0, alpha=1), bias_quantizer=bits(8, 2, alpha=1),
                name="conv",
            ),
            q.QActivation(q.quantized_relu(8, 3), name="relu8"),
            q.QDepthwiseConv2D(
                3, padding="same", depthwise_quantizer=bits(8, 0, alpha=1),
                bias_quantizer=bits(8, 2, alpha=1), activation=bits(6, 4, alpha=1),
                name="depthwise",
            ),
            keras.layers.MaxPooling2D(2, name="pool"),
            keras.layers.Flatten(name="flatten"),
            q.QDense(
                12, kernel_quantizer=q.ternary(alpha="auto"),
                bias_quantizer=bits(8, 2, alpha=1), activation=q.quantized_relu(4, 4),
                name="hidden",
            ),
            q.QDense(
                5, kernel_quantizer=q.quantized_po2(4, max_value=1),
                bias_quantizer=bits(8, 2, alpha=1), name="scores",
            ),
        ]
    )  # fmt: skip


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("qkeras") / "net.keras"
    _cnn().save(path)
    return path


def _weights(main: Graph) -> dict[str, Any]:
    found = {}
    for op in main.ops:
        if len(op.inputs) == 3:
            found[op.kind + str(op.index)] = main.tensors[op.inputs[1]]
    return found


@pytest.mark.tf
@pytest.mark.qkeras
@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_weights_are_the_integers_of_qkeras(saved: Path, suffix: str, tmp_path: Path) -> None:
    model = load_model(saved).model
    path = tmp_path / f"net.{suffix}"
    model.save(path)
    main = read_model(convert_model(path, {"x": X}).tflite).main
    conv, depthwise, hidden, scores = _weights(main).values()

    def real(tensor: Any) -> Array:
        quantization = tensor.quantization
        shape = [1] * len(tensor.shape)
        shape[quantization.axis] = -1
        return np.asarray(tensor.data * np.array(quantization.scales).reshape(shape))

    def kernel(name: str, attribute: str = "kernel") -> Array:
        layer = model.get_layer(name)
        return np.asarray(
            getattr(layer, f"{attribute}_quantizer_internal")(
                layer.kernel if attribute == "kernel" else layer.depthwise_kernel
            )
        )

    np.testing.assert_array_equal(np.moveaxis(real(conv), 0, -1), kernel("conv"))
    np.testing.assert_array_equal(
        real(depthwise).reshape(3, 3, 6, 1), kernel("depthwise", "depthwise")
    )
    np.testing.assert_allclose(real(hidden).T, kernel("hidden"), rtol=1e-6)
    np.testing.assert_array_equal(real(scores).T, kernel("scores"))
    assert set(conv.quantization.scales) == {2.0**-3}
    assert set(np.unique(hidden.data)) <= {-1, 0, 1}


@pytest.mark.tf
@pytest.mark.qkeras
@pytest.mark.parametrize("exact_to", ["tflm", "litert"])
def test_each_layer_gives_the_integers_of_qkeras(saved: Path, exact_to: Any) -> None:
    """From the file's own input of a layer, QKeras's layer gives the file's own output.

    Where the two differ, it is by one step, and the sum lies within its own unit of a tie.
    """
    model = load_model(saved).model
    options = ConvertOptions(exact_to=exact_to)
    tflite = convert_model(saved, {"x": X}, options=options).tflite
    main = read_model(tflite).main
    assert all(error <= 0 for error in rounding_errors(tflite, X[:8], exact_to).values())
    conv = next(op for op in main.ops if op.kind == "CONV_2D")
    depthwise = next(op for op in main.ops if op.kind == "DEPTHWISE_CONV_2D")
    clip = next(op for op in main.ops if op.kind == "MAXIMUM")
    with closing(Oracle(tflite, exact_to, keep_tensors=True)) as oracle:
        for sample in X[:8]:
            held = tensors_of(oracle, main, sample)
            for name, source, out in (
                (("conv", "relu8"), conv.inputs[0], conv.outputs[0]),
                (("depthwise",), depthwise.inputs[0], clip.outputs[0]),
            ):
                value = _real(main, held, source)
                for layer in name:
                    value = np.asarray(model.get_layer(layer)(value))
                step = main.tensors[out].quantization.scale  # type: ignore[union-attr]
                off = np.abs(value - _real(main, held, out)) / step
                assert off.max() <= 1
                # A tie is one sum of many: those that differ are few.
                assert (off > 0).mean() < 0.2
                if name == ("conv", "relu8"):
                    sums = np.asarray(model.get_layer("conv")(_real(main, held, source)))
                    ties = np.abs(sums / step % 1 - 0.5) < 1e-4
                    assert not (off[~ties] > 0).any()


def _real(main: Graph, held: dict[int, Array], index: int) -> Array:
    tensor = main.tensors[index]
    assert tensor.quantization is not None
    stored = held[index].reshape(tensor.shape).astype(np.float32)
    return np.asarray((stored - tensor.quantization.zero_point) * tensor.quantization.scale)


@pytest.mark.tf
@pytest.mark.qkeras
def test_the_other_process_makes_the_same_file(saved: Path) -> None:
    here = convert_model(saved, {"x": X})
    assert convert_in_subprocess(saved, {"x": X}).tflite == here.tflite


@pytest.mark.tf
@pytest.mark.qkeras
def test_a_model_object_keeps_its_quantisers() -> None:
    model = _cnn()
    before = np.asarray(model(X[:4]))
    convert_model(model, {"x": X})
    np.testing.assert_array_equal(np.asarray(model(X[:4])), before)


def _refused(name: str) -> Callable[[Any, Any], list[Any]]:
    def wide(q: Any, keras: Any) -> list[Any]:
        return [q.QActivation(q.quantized_bits(16, 6, alpha=1), name="wide")]

    def sign(q: Any, keras: Any) -> list[Any]:
        return [q.QActivation(q.binary(alpha=1), name="sign")]

    def precise(q: Any, keras: Any) -> list[Any]:
        return [
            keras.layers.Flatten(),
            q.QDense(4, kernel_quantizer=q.quantized_bits(12, 0, alpha=1), name="precise"),
        ]

    def folded(q: Any, keras: Any) -> list[Any]:
        return [q.QConv2DBatchnorm(4, 3, kernel_quantizer=q.quantized_bits(4, 0), name="folded")]

    def average(q: Any, keras: Any) -> list[Any]:
        return [q.QAveragePooling2D(2, average_quantizer=q.quantized_bits(8, 0), name="average")]

    return {
        "wide": wide, "sign": sign, "precise": precise, "folded": folded, "average": average,
    }[name]  # fmt: skip


@pytest.mark.tf
@pytest.mark.qkeras
@pytest.mark.parametrize(
    ("name", "quantiser", "instead"),
    [
        ("wide", "quantized_bits(16,6,0,alpha=1)", "bits=8 or fewer"),
        ("sign", "binary(alpha=1)", "quantized_relu(1)"),
        ("precise", "quantized_bits(12,0,0,alpha=1)", "bits=8 or fewer"),
        ("folded", "QConv2DBatchnorm", "unfold_model"),
        ("average", "QAveragePooling2D", "use AveragePooling2D"),
    ],
)
def test_what_is_not_exact_is_refused_by_name(name: str, quantiser: str, instead: str) -> None:
    model = _seeded(_refused(name)(_q(), _tf.keras()))
    with pytest.raises(ModelError, match="int8 cannot hold exactly") as caught:
        convert_model(model, {"x": X})
    (reason,) = caught.value.reasons
    assert reason.startswith(f"layer '{name}' (")
    assert quantiser in reason
    assert instead in reason


@pytest.mark.tf
@pytest.mark.qkeras
@pytest.mark.parametrize(
    "options",
    [
        ConvertOptions(activations="int16"),
        ConvertOptions(weights="int4"),
        ConvertOptions(per_tensor_weights=True),
        ConvertOptions(calibrator="mse"),
    ],
)
def test_options_that_change_integers_are_refused(saved: Path, options: ConvertOptions) -> None:
    with pytest.raises(ConfigError, match="keeps its own integers"):
        convert_model(saved, {"x": X}, options=options)


@pytest.mark.tf
@pytest.mark.qkeras
def test_a_folded_batch_normalization_keeps_the_integers() -> None:
    keras, q = _tf.keras(), _q()
    model = _seeded(
        [
            q.QActivation(q.quantized_bits(8, 1, alpha=1), name="pixels"),
            q.QConv2D(
                6, 3, use_bias=False, kernel_quantizer=q.binary(alpha="auto"), name="conv"
            ),
            keras.layers.BatchNormalization(name="bn"),
            q.QActivation(q.quantized_relu(4, 2), name="relu"),
            keras.layers.Flatten(name="flatten"),
            q.QDense(
                5, kernel_quantizer=q.quantized_bits(4, 0, alpha=1),
                bias_quantizer=q.quantized_bits(8, 2, alpha=1), name="scores",
            ),
        ]
    )  # fmt: skip
    made = convert_model(model, {"x": X})
    conv, scores = _weights(read_model(made.tflite).main).values()
    assert set(np.unique(conv.data)) == {-1, 1}
    assert np.abs(scores.data).max() <= 8
    assert not made.warnings


def _hgq_net(homogeneous: bool) -> Any:
    _tf.quantized_layers("hgq")
    layers, config = import_module("hgq.layers"), import_module("hgq.config")
    one = {"homogeneous_axis": None, "heterogeneous_axis": ()} if homogeneous else {}
    scope = config.QuantizerConfigScope
    with (
        scope(place="datalane", default_q_type="kif", i0=2, f0=4, **one),
        scope(place="weight", default_q_type="kif", i0=1, f0=4),
        scope(place="bias", default_q_type="kif", i0=1, f0=6),
    ):
        model = _seeded(
            [
                layers.QConv2D(4, 3, activation="relu", name="conv"),
                layers.QMaxPooling2D(2, name="pool"),
                _tf.keras().layers.Flatten(name="flatten"),
                layers.QDense(5, name="scores"),
            ]
        )
    from hgq.utils import trace_minmax

    trace_minmax(model, X, verbose=0)
    return model


@pytest.mark.tf
@pytest.mark.hgq
def test_hgq2_models_keep_their_integers(tmp_path: Path) -> None:
    model = _hgq_net(homogeneous=True)
    path = tmp_path / "hgq.keras"
    model.save(path)
    made = convert_model(path, {"x": X})
    main = read_model(made.tflite).main
    conv, scores = _weights(main).values()
    kernel = np.asarray(model.get_layer("conv").qkernel)
    scales = np.array(conv.quantization.scales)
    np.testing.assert_array_equal(np.moveaxis(conv.data, 0, -1) * scales, kernel)
    dense = np.asarray(model.get_layer("scores").qkernel)
    np.testing.assert_array_equal(scores.data.T * np.array(scores.quantization.scales), dense)
    assert all(error <= 0 for error in rounding_errors(made.tflite, X[:8], "tflm").values())
    hidden = next(op for op in main.ops if op.kind == "CONV_2D")
    with closing(Oracle(made.tflite, "tflm", keep_tensors=True)) as oracle:
        for sample in X[:8]:
            held = tensors_of(oracle, main, sample)
            value = np.asarray(model.get_layer("conv")(_real(main, held, hidden.inputs[0])))
            value = np.asarray(model.get_layer("pool").iq(value))
            np.testing.assert_array_equal(value, _real(main, held, hidden.outputs[0]))


@pytest.mark.tf
@pytest.mark.hgq
def test_bits_of_each_activation_are_refused_by_name() -> None:
    model = _hgq_net(homogeneous=False)
    quantizer = model.get_layer("scores").iq.quantizer
    bits = np.asarray(quantizer._f)
    quantizer._f.assign(np.where(np.arange(bits.size).reshape(bits.shape) % 2, 3.0, 4.0))
    with pytest.raises(ModelError, match="int8 cannot hold exactly") as caught:
        convert_model(model, {"x": X})
    (reason,) = (one for one in caught.value.reasons if "'scores'" in one)
    assert reason.startswith("layer 'scores' (QDense")
    assert "steps of their own" in reason


@pytest.mark.tf
@pytest.mark.hgq
def test_wide_weights_of_hgq2_are_refused_by_name() -> None:
    model = _hgq_net(homogeneous=True)
    model.get_layer("conv").kq.quantizer._f.assign(
        np.full(np.shape(model.get_layer("conv").kq.quantizer._f), 11.0)
    )
    with pytest.raises(ModelError, match="int8 cannot hold exactly") as caught:
        convert_model(model, {"x": X})
    assert caught.value.reasons[0].startswith("layer 'conv' (QConv2D")
