"""Random Keras models, converted by TensorFlow: sequential and branched ones, of either Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from support.cases.kernels import BOTH, EXTREMES, Array
from support.fuzz.runner import Fuzzer, differences, is_refused_by_oracle, is_sanitized, options_of
from tinycompress import _tf
from tinycompress.codegen.verdict import require_aot
from tinycompress.conversion import ConvertOptions, convert_model
from tinycompress.conversion.convert import prepare
from tinycompress.conversion.load import wrap_model
from tinycompress.conversion.quantize import to_integers
from tinycompress.errors import ModelError, TinyCompressError
from tinycompress.ir.reader import read_model
from tinycompress.ir.specs import input_specs

_MAX_ELEMENTS = 4096
# TensorFlow leaves ELU and LayerNormalization in float32.
_ACTIVATIONS = ("relu", "relu6", "tanh", "sigmoid", "softmax", "swish", "linear", "linear")


class KerasMaker:
    """Makes one model from a seed. One in four is of tf_keras, the others of Keras 3."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.old = seed % 4 == 3
        self.keras = _tf.tf_keras() if self.old else _tf.keras()
        self.layers = self.keras.layers
        self.kinds: list[str] = []

    def model(self) -> Any:
        """A model with random weights: a chain of layers in one of three, else with branches."""
        self.keras.backend.clear_session()
        self.keras.utils.set_random_seed(int(self.rng.integers(2**31)))
        inputs = self._input()
        make = self._sequential if self.rng.random() < 0.33 else self._branched
        model = make(inputs)
        for weight in model.weights:
            self._randomise(weight)
        return model

    def pick(self, *values: Any) -> Any:
        return values[int(self.rng.integers(len(values)))]

    def number(self, low: int, high: int) -> int:
        """From ``low`` to ``high``, both included."""
        return int(self.rng.integers(low, high + 1))

    def _input(self) -> Any:
        rank = self.pick(3, 3, 3, 2, 2, 1)
        if rank == 3:
            shape = [self.number(3, 16), self.number(3, 16), self.number(1, 5)]
        else:
            shape = [self.number(3, 20) for _ in range(rank)]
        return self.keras.Input(shape, batch_size=1)

    def _sequential(self, x: Any) -> Any:
        chain, y = [x], x
        for _ in range(self.number(1, 8)):
            chain.append(self._layer(y))
            y = chain[-1](y)
        return self.keras.Sequential(chain)

    def _branched(self, x: Any) -> Any:
        inputs, outputs = [x], []
        for _ in range(self.number(1, 4)):
            x = self._chain(x, self.number(0, 3))
            if self.rng.random() < 0.7:
                x = self._joined(self._parts(x, inputs))
            if self.rng.random() < 0.15:
                outputs.append(x)
        outputs.append(self._layer(x)(x))
        return self.keras.Model(inputs, outputs)

    def _chain(self, x: Any, count: int, *, same: bool = False) -> Any:
        for _ in range(count):
            x = self._layer(x, same=same)(x)
        return x

    def _parts(self, x: Any, inputs: list[Any]) -> list[Any]:
        """Two or three tensors of one shape."""
        if self.rng.random() < 0.2:
            other = self.keras.Input(x.shape[1:], batch_size=1)
            inputs.append(other)
        else:
            other = self._chain(x, self.number(0, 2), same=True)
        parts = [self._chain(x, self.number(1, 2), same=True), other]
        return parts if self.rng.random() < 0.7 else [*parts, x]

    def _joined(self, parts: list[Any]) -> Any:
        kinds = ["Add", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"]
        kind = self.pick(*kinds, *(["Subtract"] if len(parts) == 2 else []))
        size = int(np.prod(parts[0].shape[1:]))
        if kind == "Concatenate" and size * len(parts) > _MAX_ELEMENTS:
            kind = "Add"
        self.kinds.append(kind)
        if kind == "Concatenate":
            axis = self.number(1, len(parts[0].shape) - 1)
            return self.layers.Concatenate(axis=axis)(parts)
        return getattr(self.layers, kind)()(parts)

    def _layer(self, x: Any, *, same: bool = False) -> Any:
        """A random layer that can follow ``x``; ``same``: of which the shape does not change."""
        shape = tuple(int(n) for n in x.shape[1:])
        makers = [*_ANY, *_SAME[len(shape)]]
        if not same:
            makers += _OTHER[len(shape)]
        while True:
            layer = makers[int(self.rng.integers(len(makers)))](self, shape)
            if layer is None:
                continue
            out = layer.compute_output_shape((1, *shape))
            if 0 < int(np.prod(out[1:])) <= _MAX_ELEMENTS and len(out) > 1:
                self.kinds.append(type(layer).__name__)
                return layer

    def _randomise(self, weight: Any) -> None:
        """Weights with a spread of their own, variances above zero."""
        if "seed" in weight.name or "int" in str(weight.dtype):
            return
        spread = float(np.exp(self.rng.uniform(np.log(0.05), np.log(0.8))))
        values = self.rng.standard_normal(weight.shape) * spread
        if "variance" in weight.name or "gamma" in weight.name:
            values = np.abs(values) + 0.2
        weight.assign(values.astype(np.float32))


Shape = tuple[int, ...]
Layer = Callable[[KerasMaker, Shape], Any]


def _window(m: KerasMaker, shape: Shape, most: int = 4) -> dict[str, Any]:
    """A kernel or pool size and a padding with which something is left."""
    size = tuple(min(m.number(1, most), n) for n in shape[:-1])
    return {"size": size[0] if len(size) == 1 else size, "padding": m.pick("same", "valid")}


def _strides(m: KerasMaker, shape: Shape, *, equal: bool = False) -> Any:
    strides = (m.number(1, 3),) * 2 if equal else (m.number(1, 3), m.number(1, 3))
    return strides if len(shape) == 3 else strides[0]


def _conv(kind: str, *, equal: bool = False, filters: bool = True, same: bool = False) -> Layer:
    def make(m: KerasMaker, shape: Shape) -> Any:
        window = _window(m, shape)
        fields: dict[str, Any] = {
            "kernel_size": window["size"],
            "padding": "same" if same else window["padding"],
            "strides": 1 if same else _strides(m, shape, equal=equal),
            "activation": m.pick(*_ACTIVATIONS),
            "use_bias": m.rng.random() < 0.8,
        }
        if filters:
            fields["filters"] = shape[-1] if same else m.number(1, 10)
        elif not same:
            fields["depth_multiplier"] = m.pick(1, 1, 2)
        if kind == "Conv2D" and m.rng.random() < 0.2:
            rates = m.pick((2, 2), (1, 2), (3, 1))
            fields |= {"strides": 1, "dilation_rate": rates, "padding": "same"}
        if kind == "Conv2D" and not same and shape[-1] % 2 == 0 and m.rng.random() < 0.15:
            fields |= {"groups": 2, "filters": 2 * m.number(1, 4)}
        return getattr(m.layers, kind)(**fields)

    return make


def _pool(kind: str) -> Layer:
    def make(m: KerasMaker, shape: Shape) -> Any:
        window = _window(m, shape)
        return getattr(m.layers, kind)(
            pool_size=window["size"], strides=_strides(m, shape), padding=window["padding"]
        )

    return make


def _plain(kind: str, **fields: Any) -> Layer:
    return lambda m, shape: getattr(m.layers, kind)(**fields)


def _pairs(m: KerasMaker, shape: Shape, most: int) -> Any:
    pairs = [(m.number(0, most), m.number(0, most)) for _ in shape[:-1]]
    return pairs[0] if len(pairs) == 1 else tuple(pairs)


def _padding(kind: str) -> Layer:
    return lambda m, shape: getattr(m.layers, kind)(padding=_pairs(m, shape, 2))


def _cropping(kind: str) -> Layer:
    return lambda m, shape: (
        getattr(m.layers, kind)(cropping=_pairs(m, shape, 1)) if min(shape[:-1]) > 2 else None
    )


def _up_sampling(m: KerasMaker, shape: Shape) -> Any:
    if len(shape) == 2:
        return m.layers.UpSampling1D(m.number(2, 3))
    return m.layers.UpSampling2D(
        (m.number(1, 3), m.number(1, 3)), interpolation=m.pick("nearest", "bilinear")
    )


def _dense(m: KerasMaker, shape: Shape) -> Any:
    return m.layers.Dense(m.number(1, 16), activation=m.pick(*_ACTIVATIONS))


def _same_dense(m: KerasMaker, shape: Shape) -> Any:
    return m.layers.Dense(shape[-1], activation=m.pick(*_ACTIVATIONS), use_bias=m.pick(True, False))


def _recurrent(kind: str) -> Layer:
    def make(m: KerasMaker, shape: Shape) -> Any:
        if shape[0] > 6:
            return None
        return getattr(m.layers, kind)(
            m.number(1, 5), unroll=True, return_sequences=m.pick(True, False)
        )

    return make


def _reshape(m: KerasMaker, shape: Shape) -> Any:
    size = int(np.prod(shape))
    factors = [n for n in range(1, min(size, 16) + 1) if size % n == 0]
    first = m.pick(*factors)
    rest = size // first
    second = m.pick(*(n for n in range(1, min(rest, 16) + 1) if rest % n == 0))
    return m.layers.Reshape(m.pick((first, rest), (first, second, rest // second), (size,)))


def _permute(m: KerasMaker, shape: Shape) -> Any:
    return m.layers.Permute([int(n) + 1 for n in m.rng.permutation(len(shape))])


def _leaky(m: KerasMaker, shape: Shape) -> Any:
    name = "alpha" if m.old else "negative_slope"
    return m.layers.LeakyReLU(**{name: m.pick(0.01, 0.1, 0.3)})


def _prelu(m: KerasMaker, shape: Shape) -> Any:
    shared = list(range(1, len(shape))) if m.rng.random() < 0.7 and len(shape) > 1 else None
    return m.layers.PReLU(shared_axes=shared)


def _rescaling(m: KerasMaker, shape: Shape) -> Any:
    return m.layers.Rescaling(m.pick(0.5, 2.0, 1 / 127), offset=m.pick(0.0, -1.0))


_ANY: tuple[Layer, ...] = (
    lambda m, shape: m.layers.Activation(m.pick(*_ACTIVATIONS)),
    lambda m, shape: m.layers.ReLU(m.pick(None, 6.0)),
    _leaky, _prelu, _rescaling, _plain("BatchNormalization"), _plain("BatchNormalization"),
    _plain("Dropout", rate=0.3), _plain("Softmax"),
)  # fmt: skip
_SAME: dict[int, tuple[Layer, ...]] = {
    1: (_same_dense, _same_dense),
    2: (_conv("Conv1D", same=True), _same_dense,
        _conv("DepthwiseConv1D", filters=False, same=True)),
    3: (_conv("Conv2D", same=True), _conv("Conv2D", same=True),
        _conv("DepthwiseConv2D", filters=False, same=True),
        _conv("SeparableConv2D", same=True)),
}  # fmt: skip
_OTHER: dict[int, tuple[Layer, ...]] = {
    1: (_dense, _dense, _reshape, lambda m, shape: m.layers.RepeatVector(m.number(2, 4))),
    2: (_conv("Conv1D"), _conv("SeparableConv1D"), _conv("Conv1DTranspose"),
        _pool("MaxPooling1D"), _pool("AveragePooling1D"), _plain("GlobalAveragePooling1D"),
        _plain("GlobalMaxPooling1D"), _padding("ZeroPadding1D"), _cropping("Cropping1D"),
        _up_sampling, _dense, _recurrent("LSTM"), _recurrent("GRU"), _recurrent("SimpleRNN"),
        _reshape, _permute, _plain("Flatten")),
    3: (_conv("Conv2D"), _conv("Conv2D"), _conv("Conv2DTranspose"),
        _conv("DepthwiseConv2D", filters=False, equal=True), _conv("SeparableConv2D", equal=True),
        _pool("MaxPooling2D"), _pool("AveragePooling2D"), _plain("GlobalAveragePooling2D"),
        _plain("GlobalMaxPooling2D"), _padding("ZeroPadding2D"), _cropping("Cropping2D"),
        _up_sampling, _dense, _reshape, _permute, _plain("Flatten")),
}  # fmt: skip


def converted(model: Any, rng: np.random.Generator) -> bytes:
    """The int8 file, calibrated with random samples of a random range; one in six is 16x8."""
    spread, centre = float(np.exp(rng.uniform(-2, 2))), float(rng.normal())
    samples = [
        (rng.standard_normal((16, *(int(n) for n in x.shape[1:]))) * spread + centre)
        for x in model.inputs
    ]
    keys = ["x"] if len(samples) == 1 else [f"x{number}" for number in range(len(samples))]
    data = {key: values.astype(np.float32) for key, values in zip(keys, samples, strict=True)}
    options = ConvertOptions(per_channel_dense=bool(rng.random() < 0.5))
    if rng.random() < 1 / 6:
        # Past what one runtime lacks: each oracle says for itself what it refuses.
        prepared = prepare(wrap_model(model), data, None, options)
        return to_integers(
            prepared.frozen,
            prepared.calibration,
            activations="int16",
            per_channel_dense=options.per_channel_dense,
        )
    return convert_model(model, data, options=options).tflite


def run_keras(fuzzer: Fuzzer, seed: int, variant: int) -> None:
    """Make, convert and compare one model with both oracles."""
    maker = KerasMaker(seed)
    try:
        tflite = converted(maker.model(), maker.rng)
    except ModelError as error:
        fuzzer.tally.refused[f"by the conversion: {_first(error)}"] += 1
        return
    for exact_to in BOTH:
        options = options_of(variant, exact_to)
        try:
            require_aot(read_model(tflite), options)
        except ModelError as error:
            fuzzer.tally.refused[f"from Keras: {_first(error)}"] += 1
            continue
        what = f"Keras, seed {seed}, variant {variant}, exact to {exact_to}"
        try:
            samples = _samples(tflite, maker.rng)
            found = differences(tflite, options, samples, sanitized=is_sanitized(variant))
        except TinyCompressError as error:
            if is_refused_by_oracle(error):
                fuzzer.tally.refused[f"by the oracle: {error.message[:100]}"] += 1
                continue
            found = {0: str(error)}
        fuzzer.tally.graphs[f"{exact_to}, from Keras"] += 1
        fuzzer.tally.operators.update(f"Keras {kind}" for kind in maker.kinds)
        if found:
            text = f"{what}: {'; '.join(f'output {i}: {how}' for i, how in found.items())}"
            fuzzer.note(f"keras-{seed}-{exact_to}", text, tflite)


def _first(error: ModelError) -> str:
    """The rule of the first reason, without names and values."""
    text = error.reasons[0] if error.reasons else error.message
    return text.split(": ")[1 if ": " in text else 0][:100]


def _samples(tflite: bytes, rng: np.random.Generator) -> list[tuple[Array, ...]]:
    """Random inputs over the whole range, and inputs of one value."""
    specs = input_specs(read_model(tflite).main)

    def drawn(shape: Shape, dtype: str) -> Array:
        limits = np.iinfo(dtype)
        return rng.integers(limits.min, limits.max + 1, shape).astype(dtype)

    found = [tuple(drawn(spec.shape, spec.dtype) for spec in specs) for _ in range(6)]
    for value in EXTREMES:
        found.append(tuple(np.full(spec.shape, value, spec.dtype) for spec in specs))
    return found
