"""Layers of random Keras models: for each rank of a shape, makers of what can follow it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from support.fuzz.keras_models import KerasMaker

ACTIVATIONS = ("relu", "relu6", "tanh", "sigmoid", "softmax", "swish", "linear", "linear")
RARE_ACTIVATIONS = (
    "gelu", "elu", "selu", "softplus", "mish", "exponential", "softsign", "hard_sigmoid",
    "leaky_relu",
)  # fmt: skip
OF_KERAS_3 = ("hard_silu", "log_softmax", "celu", "squareplus")


Shape = tuple[int, ...]
Layer = Callable[["KerasMaker", Shape], Any]


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
            "activation": m.activation(),
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
    return m.layers.Dense(m.number(1, 16), activation=m.activation())


def _same_dense(m: KerasMaker, shape: Shape) -> Any:
    return m.layers.Dense(shape[-1], activation=m.activation(), use_bias=m.pick(True, False))


def _recurrent(kind: str) -> Layer:
    def make(m: KerasMaker, shape: Shape) -> Any:
        if shape[0] > 6:
            return None
        layer = getattr(m.layers, kind)(
            m.number(1, 5), unroll=m.pick(True, False), return_sequences=m.pick(True, False),
            go_backwards=bool(m.rng.random() < 0.2),
        )  # fmt: skip
        if m.rng.random() < 0.3 and not layer.go_backwards:
            return m.layers.Bidirectional(layer, merge_mode=m.pick("concat", "sum", "mul", "ave"))
        return layer

    return make


def _normalization(m: KerasMaker, shape: Shape) -> Any:
    kind = m.pick("LayerNormalization", "LayerNormalization", "Group", "RMSNormalization")
    if kind == "Group":
        groups = m.pick(*(n for n in range(1, shape[-1] + 1) if shape[-1] % n == 0))
        return m.layers.GroupNormalization(groups)
    if kind == "RMSNormalization" and m.old:
        return None
    fields = {} if kind == "RMSNormalization" else {"center": m.pick(True, False)}
    return getattr(m.layers, kind)(epsilon=m.pick(1e-3, 1e-6), **fields)


def _resizing(m: KerasMaker, shape: Shape) -> Any:
    return m.layers.Resizing(
        m.number(2, 20), m.number(2, 20), interpolation=m.pick("nearest", "bilinear")
    )


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


ANY: tuple[Layer, ...] = (
    lambda m, shape: m.layers.Activation(m.activation()),
    lambda m, shape: m.layers.ReLU(m.pick(None, 6.0)),
    _leaky, _prelu, _rescaling, _plain("BatchNormalization"), _plain("BatchNormalization"),
    _plain("Dropout", rate=0.3), _plain("Softmax"), _normalization,
)  # fmt: skip
SAME: dict[int, tuple[Layer, ...]] = {
    1: (_same_dense, _same_dense),
    2: (_conv("Conv1D", same=True), _same_dense,
        _conv("DepthwiseConv1D", filters=False, same=True)),
    3: (_conv("Conv2D", same=True), _conv("Conv2D", same=True),
        _conv("DepthwiseConv2D", filters=False, same=True),
        _conv("SeparableConv2D", same=True)),
}  # fmt: skip
OTHER: dict[int, tuple[Layer, ...]] = {
    1: (_dense, _dense, _reshape, lambda m, shape: m.layers.RepeatVector(m.number(2, 4))),
    2: (_conv("Conv1D"), _conv("SeparableConv1D"), _conv("Conv1DTranspose"),
        _pool("MaxPooling1D"), _pool("AveragePooling1D"), _plain("GlobalAveragePooling1D"),
        _plain("GlobalMaxPooling1D"), _padding("ZeroPadding1D"), _cropping("Cropping1D"),
        _up_sampling, _dense, _recurrent("LSTM"), _recurrent("GRU"), _recurrent("SimpleRNN"),
        _reshape, _permute, _plain("Flatten")),
    3: (_conv("Conv2D"), _conv("Conv2D"), _conv("Conv2DTranspose"),
        _conv("DepthwiseConv2D", filters=False, equal=True), _conv("SeparableConv2D", equal=True),
        _resizing, _pool("MaxPooling2D"), _pool("AveragePooling2D"),
        _plain("GlobalAveragePooling2D"),
        _plain("GlobalMaxPooling2D"), _padding("ZeroPadding2D"), _cropping("Cropping2D"),
        _up_sampling, _dense, _reshape, _permute, _plain("Flatten")),
}  # fmt: skip
