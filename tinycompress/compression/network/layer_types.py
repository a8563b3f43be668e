"""Every layer type that crosses between Keras 3 and tf_keras, and which configuration it keeps.

Initialisers do not cross, because the weights do. An entry that means different things in the two
Kerases is refused by name rather than passed on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from tinycompress._tf import KerasName
from tinycompress.compression.network.activations import ONLY_KERAS_3, PACKAGE, in_tf_keras
from tinycompress.compression.network.bidirectional import bidirectional_config

_IN_BOTH = frozenset(
    {
        "linear", "relu", "relu6", "sigmoid", "tanh", "softmax", "elu", "selu", "softplus",
        "softsign", "exponential", "gelu", "silu", "leaky_relu", "mish",
    }
)  # fmt: skip
ACTIVATIONS = _IN_BOTH | ONLY_KERAS_3
"""Activation functions that cross, by Keras 3's names."""

_TF_KERAS_ACTIVATIONS = {"silu": "swish"}
_KERAS_3_ACTIVATIONS = {"swish": "silu", "hard_swish": "hard_silu"}


@dataclass(frozen=True)
class LayerType:
    """What crosses of one class: ``keys`` by Keras 3's names, and their names in tf_keras.

    ``only`` are entries that must have one value, and ``arguments`` the names of tensors that a
    call takes one by one; without them a call takes one tensor or a list. ``options`` are what a
    call may be told.
    """

    keys: tuple[str, ...] = ()
    tf_keras_names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    only: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    arguments: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


_KERNEL = (
    "use_bias", "activation", "kernel_regularizer", "bias_regularizer", "activity_regularizer",
    "kernel_constraint", "bias_constraint",
)  # fmt: skip
_DEPTHWISE = (
    "use_bias", "activation", "depthwise_regularizer", "bias_regularizer", "activity_regularizer",
    "depthwise_constraint", "bias_constraint",
)  # fmt: skip
_CONV = ("filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate", "groups")
_DW = ("kernel_size", "strides", "padding", "data_format", "dilation_rate", "depth_multiplier")
_SEPARABLE = (
    "filters", *_DW, *_DEPTHWISE, "pointwise_regularizer", "pointwise_constraint",
)  # fmt: skip
_POOL = LayerType(("pool_size", "strides", "padding", "data_format"))
_GLOBAL_POOL = LayerType(("keepdims", "data_format"))
_MERGE = LayerType()
_RECURRENT = (
    "units", "activation", "use_bias", "return_sequences", "go_backwards", "dropout",
    "recurrent_dropout", "kernel_regularizer", "recurrent_regularizer", "bias_regularizer",
    "activity_regularizer", "kernel_constraint", "recurrent_constraint", "bias_constraint",
)  # fmt: skip
_CAUSAL = ("use_causal_mask",)
_WITHOUT_STATE = MappingProxyType({"stateful": False, "return_state": False})

LAYER_TYPES: Mapping[str, LayerType] = MappingProxyType(
    {
        "Dense": LayerType(("units", *_KERNEL)),
        "Conv1D": LayerType((*_CONV, *_KERNEL)),
        "Conv2D": LayerType((*_CONV, *_KERNEL)),
        "Conv2DTranspose": LayerType(
            ("filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate",
             "output_padding", *_KERNEL)
        ),
        "Conv1DTranspose": LayerType(
            ("filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate",
             "output_padding", *_KERNEL)
        ),
        "EinsumDense": LayerType(
            ("equation", "output_shape", "bias_axes", *_KERNEL[1:])
        ),
        "DepthwiseConv1D": LayerType((*_DW, *_DEPTHWISE)),
        "DepthwiseConv2D": LayerType((*_DW, *_DEPTHWISE)),
        "SeparableConv1D": LayerType(_SEPARABLE),
        "SeparableConv2D": LayerType(_SEPARABLE),
        "BatchNormalization": LayerType(
            ("axis", "momentum", "epsilon", "center", "scale", "beta_regularizer",
             "gamma_regularizer", "beta_constraint", "gamma_constraint")
        ),
        "LayerNormalization": LayerType(
            ("axis", "epsilon", "center", "scale", "beta_regularizer", "gamma_regularizer",
             "beta_constraint", "gamma_constraint")
        ),
        "Embedding": LayerType(
            ("input_dim", "output_dim", "embeddings_regularizer", "activity_regularizer",
             "embeddings_constraint", "mask_zero")
        ),
        "Masking": LayerType(("mask_value",)),
        "SimpleRNN": LayerType(_RECURRENT, only=_WITHOUT_STATE),
        "GRU": LayerType(
            (*_RECURRENT, "recurrent_activation", "reset_after"), only=_WITHOUT_STATE
        ),
        "LSTM": LayerType((*_RECURRENT, "recurrent_activation"), only=_WITHOUT_STATE),
        "Bidirectional": LayerType(("kinds", "forward", "backward", "merge_mode")),
        "Attention": LayerType(("use_scale", "score_mode", "dropout"), options=_CAUSAL),
        "AdditiveAttention": LayerType(("use_scale", "dropout"), options=_CAUSAL),
        "MultiHeadAttention": LayerType(
            ("num_heads", "key_dim", "value_dim", "dropout", "use_bias", "output_shape",
             "attention_axes", "kernel_regularizer", "bias_regularizer", "activity_regularizer"),
            only=MappingProxyType(
                {"kernel_constraint": None, "bias_constraint": None, "use_gate": False}
            ),
            arguments=("query", "value", "key"),
            options=_CAUSAL,
        ),
        "Activation": LayerType(("activation",)),
        "ReLU": LayerType(("max_value", "negative_slope", "threshold")),
        "LeakyReLU": LayerType(("negative_slope",), MappingProxyType({"negative_slope": "alpha"})),
        "PReLU": LayerType(("shared_axes", "alpha_regularizer", "alpha_constraint")),
        "ELU": LayerType(("alpha",)),
        "Softmax": LayerType(("axis",)),
        "MaxPooling1D": _POOL,
        "MaxPooling2D": _POOL,
        "AveragePooling1D": _POOL,
        "AveragePooling2D": _POOL,
        "GlobalMaxPooling1D": _GLOBAL_POOL,
        "GlobalMaxPooling2D": _GLOBAL_POOL,
        "GlobalAveragePooling1D": _GLOBAL_POOL,
        "GlobalAveragePooling2D": _GLOBAL_POOL,
        "Flatten": LayerType(("data_format",)),
        "Reshape": LayerType(("target_shape",)),
        "Permute": LayerType(("dims",)),
        "RepeatVector": LayerType(("n",)),
        "ZeroPadding1D": LayerType(("padding",)),
        "ZeroPadding2D": LayerType(("padding", "data_format")),
        "Cropping1D": LayerType(("cropping",)),
        "Cropping2D": LayerType(("cropping", "data_format")),
        "UpSampling1D": LayerType(("size",)),
        "UpSampling2D": LayerType(("size", "data_format", "interpolation")),
        "Resizing": LayerType(("height", "width", "interpolation", "crop_to_aspect_ratio")),
        "CenterCrop": LayerType(("height", "width")),
        "GroupNormalization": LayerType(
            ("groups", "axis", "epsilon", "center", "scale", "beta_regularizer",
             "gamma_regularizer", "beta_constraint", "gamma_constraint")
        ),
        "UnitNormalization": LayerType(("axis",)),
        "Dot": LayerType(("axes", "normalize")),
        "Add": _MERGE,
        "Subtract": _MERGE,
        "Multiply": _MERGE,
        "Average": _MERGE,
        "Maximum": _MERGE,
        "Minimum": _MERGE,
        "Concatenate": LayerType(("axis",)),
        "Dropout": LayerType(("rate", "noise_shape", "seed")),
        "SpatialDropout1D": LayerType(("rate",)),
        "SpatialDropout2D": LayerType(("rate", "data_format")),
        "GaussianNoise": LayerType(("stddev",)),
        "GaussianDropout": LayerType(("rate",)),
        "AlphaDropout": LayerType(("rate",)),
        "ActivityRegularization": LayerType(("l1", "l2")),
        "Rescaling": LayerType(("scale", "offset")),
        "Normalization": LayerType(
            ("axis", "mean", "variance"), only=MappingProxyType({"invert": False})
        ),
    }
)  # fmt: skip

OPERATIONS: Mapping[str, str] = MappingProxyType(
    {"Add": "Add", "Subtract": "Subtract", "Multiply": "Multiply", "Maximum": "Maximum",
     "Minimum": "Minimum"}
)  # fmt: skip
"""Keras 3 operations (``x + y`` in a functional model) that are layers elsewhere."""

RECURRENT = frozenset({"Bidirectional", "SimpleRNN", "GRU", "LSTM"})
"""Layers that take a sequence step by step."""

EACH_STEP_ALONE = frozenset(
    {"Activation", "Dense", "Dropout", "ELU", "LayerNormalization", "LeakyReLU", "ReLU",
     "Rescaling", "Softmax"}
)  # fmt: skip
"""Layers that compute along the last axis, or on each element: the same for all steps at once."""

TRAINING_ONLY = frozenset(
    {"Dropout", "SpatialDropout1D", "SpatialDropout2D", "GaussianNoise", "GaussianDropout",
     "AlphaDropout", "ActivityRegularization"}
)  # fmt: skip
"""Layers that do nothing at inference."""

AUGMENTATION = frozenset(
    {"RandomBrightness", "RandomColorDegeneration", "RandomColorJitter", "RandomContrast",
     "RandomErasing", "RandomFlip", "RandomGaussianBlur", "RandomGrayscale", "RandomHue",
     "RandomInvert", "RandomPerspective", "RandomPosterization", "RandomRotation",
     "RandomSaturation", "RandomSharpness", "RandomShear", "RandomTranslation", "RandomZoom"}
)  # fmt: skip
"""Layers that change images while a model is trained, and pass them on at inference.

They differ between the Kerases and do not cross.
"""

SAME_IN_TRAINING = frozenset({"CenterCrop", "Resizing"})
"""Layers that Keras 3 calls with ``training=True`` unless told, and that do not look at it."""

PASSED_ON = AUGMENTATION | {"Identity"}
"""Layers that give what they get at inference."""


class UntranslatableError(ValueError):
    """A configuration entry that does not mean the same in the other Keras."""


def canonical_config(kind: str, config: Mapping[str, Any], source: KerasName) -> dict[str, Any]:
    """What crosses of a layer's configuration, by Keras 3's names and in plain values.

    Raises:
        UntranslatableError: An entry that cannot cross.
    """
    if kind == "Bidirectional":
        return bidirectional_config(
            config, lambda inner, values: canonical_config(inner, values, source)
        )
    layer_type = LAYER_TYPES[kind]
    found: dict[str, Any] = {}
    for key in layer_type.keys:
        name = layer_type.tf_keras_names.get(key, key) if source == "tf_keras" else key
        if name in config:
            found[key] = _canonical_value(key, config[name], source)
    if found.get("data_format") == "channels_first":
        raise UntranslatableError("data_format 'channels_first' (allowed: 'channels_last')")
    for key, allowed in layer_type.only.items():
        if (config.get(key) or None) != (allowed or None):
            raise UntranslatableError(f"{key}={config[key]!r} (allowed: {allowed!r})")
    return found


def keras_config(kind: str, config: Mapping[str, Any], target: KerasName) -> dict[str, Any]:
    """Constructor arguments of a layer in one Keras, from the canonical configuration."""
    layer_type = LAYER_TYPES[kind]
    arguments: dict[str, Any] = {}
    for key, value in config.items():
        name = layer_type.tf_keras_names.get(key, key) if target == "tf_keras" else key
        if key.endswith("activation") and target == "tf_keras":
            value = _TF_KERAS_ACTIVATIONS.get(value, value)
            value = in_tf_keras(value) if value in ONLY_KERAS_3 else value
        arguments[name] = value
    return arguments


def _canonical_value(key: str, value: Any, source: KerasName) -> Any:
    if key.endswith("activation"):
        return _canonical_activation(value, source)
    if key.endswith(("_regularizer", "_constraint")):
        return _canonical_object(key, value)
    if key == "axis" and isinstance(value, (list, tuple)) and len(value) == 1:
        return int(value[0])
    return _plain(value)


def _canonical_activation(value: Any, source: KerasName) -> str:
    name = _KERAS_3_ACTIVATIONS.get(value, value) if isinstance(value, str) else value
    if name is None:
        return "linear"
    if isinstance(name, dict):
        name = name.get("config") if name.get("class_name") == "function" else name["class_name"]
    # Of tf_keras, hard_sigmoid is another function than that of Keras 3.
    allowed = ACTIVATIONS if source == "keras" else _IN_BOTH
    if isinstance(name, str) and name.startswith(PACKAGE):
        allowed, name = ACTIVATIONS, name.removeprefix(PACKAGE)
    if not isinstance(name, str) or name not in allowed:
        raise UntranslatableError(f"activation {name!r} (allowed: {', '.join(sorted(allowed))})")
    return name


def _canonical_object(key: str, value: Any) -> dict[str, Any] | None:
    if value is None:
        return None
    module = str(value.get("module") or "keras").split(".")[0] if isinstance(value, dict) else ""
    if module not in ("keras", "tf_keras") or value.get("registered_name"):
        name = value.get("class_name") if isinstance(value, dict) else value
        raise UntranslatableError(f"{key} {name!r}, which is no class of Keras")
    return {"class_name": value["class_name"], "config": dict(value["config"])}


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return tuple(_plain(item) for item in value)
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    return value
