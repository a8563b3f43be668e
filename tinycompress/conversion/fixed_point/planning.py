"""What a model of QKeras or HGQ2 layers is in an int8 file: its grids and its integer weights.

Every quantiser of an activation gets its `Grid`, every kernel its integers; or the layer, the
quantiser and the reason are named. A model of other layers has no plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinycompress.conversion.fixed_point import hgq_quantizers, qkeras_quantizers
from tinycompress.conversion.fixed_point.grids import Grid, GridWeights, on_grid, why_not_int8
from tinycompress.conversion.load import SourceModel
from tinycompress.errors import ModelError

_EXACT = "see docs/converting.md: what of QKeras and HGQ2 is exact on int8"
_QKERAS_LAYERS = ("QDense", "QConv1D", "QConv2D", "QDepthwiseConv2D", "QBatchNormalization")
_QKERAS_INSTEAD = {
    "QConv2DBatchnorm": "save qkeras.bn_folding_utils.unfold_model(model)",
    "QDepthwiseConv2DBatchnorm": "save qkeras.bn_folding_utils.unfold_model(model)",
    "QDenseBatchnorm": "save qkeras.bn_folding_utils.unfold_model(model)",
    "QAdaptiveActivation": "use a QActivation with the bits that it has found",
    "QSeparableConv1D": "use QDepthwiseConv2D and QConv2D",
    "QSeparableConv2D": "use QDepthwiseConv2D and QConv2D",
    "QAveragePooling2D": "use AveragePooling2D and a QActivation",
    "QGlobalAveragePooling2D": "use GlobalAveragePooling2D and a QActivation",
}
_HGQ_LAYERS = (
    "QDense", "QBatchNormDense", "QConv1D", "QConv2D", "Quantizer", "QAdd", "QSubtract",
    "QMaxPooling1D", "QMaxPooling2D", "QGlobalMaxPooling1D", "QGlobalMaxPooling2D",
    "QAveragePooling1D", "QAveragePooling2D", "QGlobalAveragePooling1D", "QGlobalAveragePooling2D",
)  # fmt: skip
_VARIABLES = {
    "kernel_quantizer_internal": "kernel",
    "depthwise_quantizer_internal": "depthwise_kernel",
    "bias_quantizer_internal": "bias",
    "gamma_quantizer_internal": "gamma",
    "beta_quantizer_internal": "beta",
    "mean_quantizer_internal": "moving_mean",
    "variance_quantizer_internal": "moving_variance",
}
_KERNELS = ("kernel", "depthwise_kernel")
_BITS = 8


@dataclass(frozen=True, eq=False)
class Constant:
    """In place of a quantiser of a variable: what it makes of it."""

    value: Any


@dataclass(frozen=True)
class Swap:
    """An attribute of a layer, and what takes its place while the layer is traced.

    A tuple of grids is for a layer of several inputs.
    """

    layer: Any
    attribute: str
    by: Grid | Constant | tuple[Grid | None, ...]


@dataclass
class FixedPlan:
    """What takes the place of a model's quantisers, the integers of its weights, its refusals."""

    swaps: list[Swap] = field(default_factory=list)
    weights: list[GridWeights] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def refuse(self, layer: Any, quantizer: Any, why: str) -> None:
        """Note why a layer cannot be exact."""
        named = "" if quantizer is None else f", {_named(quantizer)}"
        self.reasons.append(f"layer {layer.name!r} ({type(layer).__name__}{named}): {why}")

    @property
    def grids(self) -> tuple[Grid, ...]:
        """Of all activations, each once."""
        found = []
        for swap in self.swaps:
            several = swap.by if isinstance(swap.by, tuple) else (swap.by,)
            found += [one for one in several if isinstance(one, Grid)]
        return tuple(dict.fromkeys(found))


def plan_of(source: SourceModel) -> FixedPlan | None:
    """What a model is on int8; None: it has no layers of QKeras or HGQ2.

    Raises:
        ModelError: A quantiser has no exact form on int8; names all of them.
    """
    if source.kind not in ("keras", "tf_keras"):
        return None
    plan = FixedPlan()
    known = {id(layer): layer for layer in _layers(source.model)}.values()
    fixed = [layer for layer in known if _package(layer) in ("qkeras", "hgq")]
    if not fixed:
        return None
    for layer in fixed:
        (_plan_qkeras if _package(layer) == "qkeras" else _plan_hgq)(plan, layer)
    if plan.reasons:
        raise ModelError(
            f"{source.name} has quantisers that int8 cannot hold exactly",
            reasons=tuple(plan.reasons),
            hint=_EXACT,
        )
    return plan


def _layers(model: Any) -> Iterator[Any]:
    """Layers that are called, through nested models and wrappers; not what layers are made of."""
    for layer in getattr(model, "layers", ()):
        yield layer
        yield from _layers(layer)
        inner = getattr(layer, "layer", None)
        if inner is not None:
            yield inner
            yield from _layers(inner)


def _package(layer: Any) -> str:
    return type(layer).__module__.split(".")[0]


def _named(quantizer: Any) -> str:
    return str(quantizer) if _package(quantizer) == "qkeras" else repr(quantizer)


def _plan_qkeras(plan: FixedPlan, layer: Any) -> None:
    kind = type(layer).__name__
    if kind == "QActivation":
        _qkeras_activation(plan, layer)
        return
    if kind not in _QKERAS_LAYERS:
        instead = _QKERAS_INSTEAD.get(kind, "use layers of Keras there")
        plan.refuse(layer, None, f"no int8 form of it is known here: {instead}")
        return
    for attribute, variable in _VARIABLES.items():
        quantizer = getattr(layer, attribute, None)
        if quantizer is None or getattr(layer, variable, None) is None:
            continue
        value = _quantized(plan, layer, quantizer, getattr(layer, variable))
        plan.swaps.append(Swap(layer, attribute, Constant(value)))
        if variable in _KERNELS:
            _qkeras_kernel(plan, layer, quantizer, value)
    if _package(getattr(layer, "activation", None)) == "qkeras":
        _qkeras_activation(plan, layer)


def _quantized(plan: FixedPlan, layer: Any, quantizer: Any, variable: Any) -> Any:
    value, again = (np.asarray(quantizer(variable)) for _ in range(2))
    if not np.array_equal(value, again):
        plan.refuse(layer, quantizer, "it is random: use a quantiser without stochastic rounding")
    return value


def _qkeras_kernel(plan: FixedPlan, layer: Any, quantizer: Any, value: Any) -> None:
    mask = getattr(layer, "_mask", None)
    rows = _rows(layer, value if mask is None else value * np.asarray(mask))
    weights = on_grid(layer.name, rows, _units(layer, quantizer, value))
    if isinstance(weights, str):
        plan.refuse(layer, quantizer, weights)
    else:
        plan.weights.append(weights)


def _rows(layer: Any, kernel: Any) -> Any:
    """The weights of each channel, in the order of a ``.tflite`` file."""
    if "Depthwise" in type(layer).__name__:
        kernel = kernel.reshape(*kernel.shape[:-2], -1)
    return np.moveaxis(kernel, -1, 0).reshape(kernel.shape[-1], -1)


def _units(layer: Any, quantizer: Any, value: Any) -> Any:
    """The step of each channel by the quantiser's own scale; None where it tells none."""
    kind = type(quantizer).__name__
    if kind in ("quantized_bits", "quantized_linear"):
        config = quantizer.get_config()
        # One bit is a sign: its two values are a scale, without a step between them.
        unit = 1.0 if int(config["bits"]) == 1 else qkeras_quantizers.weight_unit(config)
    elif kind in ("binary", "ternary", "stochastic_binary", "stochastic_ternary"):
        unit = 1.0
    else:
        return None
    scale = getattr(quantizer, "scale", None)
    try:
        scales = np.broadcast_to(np.asarray(1.0 if scale is None else scale, float), value.shape)
    except ValueError:  # elements_per_scale: several scales in a channel
        return None
    rows = _rows(layer, scales)
    one_each = bool((rows == rows[:, :1]).all())
    return rows[:, 0] * unit if one_each and (rows > 0).all() else None


def _qkeras_activation(plan: FixedPlan, layer: Any) -> None:
    quantizer = layer.activation
    if _package(quantizer) != "qkeras":
        return
    if not hasattr(quantizer, "get_config"):
        name = getattr(quantizer, "__name__", "?")
        plan.refuse(layer, None, f"its activation {name} is not known here: use quantized_relu")
        return
    config = {
        **quantizer.get_config(),
        "is_quantized_clip": getattr(quantizer, "is_quantized_clip", True),
    }
    grid = qkeras_quantizers.activation_grid(type(quantizer).__name__, config)
    _add_grid(plan, layer, "activation", quantizer, grid)


def _add_grid(plan: FixedPlan, layer: Any, attribute: str, quantizer: Any, grid: Any) -> None:
    why = grid if isinstance(grid, str) else why_not_int8(grid)
    if why is not None:
        plan.refuse(layer, quantizer, why)
    else:
        plan.swaps.append(Swap(layer, attribute, grid))


def _plan_hgq(plan: FixedPlan, layer: Any) -> None:
    kind = type(layer).__name__
    if kind not in _HGQ_LAYERS:
        plan.refuse(layer, None, "no int8 form of it is known here: use layers of Keras there")
        return
    if kind == "Quantizer":
        _add_hgq(plan, layer, "call", layer)
        return
    for attribute in ("_iq", "_oq"):
        quantizer = getattr(layer, attribute, None)
        if quantizer is None:
            continue
        if hasattr(quantizer, "quantizers"):
            _add_several(plan, layer, attribute, list(quantizer.quantizers))
        else:
            _add_hgq(plan, layer, attribute, quantizer)
    if getattr(layer, "_kq", None) is not None:
        _hgq_weights(plan, layer)


def _hgq_weights(plan: FixedPlan, layer: Any) -> None:
    kernel = np.asarray(layer.qkernel)
    plan.swaps.append(Swap(layer, "_kq", Constant(kernel)))
    if layer.bias is not None:
        plan.swaps.append(Swap(layer, "_bq", Constant(np.asarray(layer.qbias))))
    weights = on_grid(layer.name, _rows(layer, kernel))
    if isinstance(weights, str):
        plan.refuse(layer, layer.kq, weights)
    else:
        plan.weights.append(weights)


def _add_several(plan: FixedPlan, layer: Any, attribute: str, quantizers: list[Any]) -> None:
    grids = [_hgq_grid(one) for one in quantizers]
    whys = [one if isinstance(one, str) else why_not_int8(one) if one else None for one in grids]
    for quantizer, why in zip(quantizers, whys, strict=True):
        if why is not None:
            plan.refuse(layer, quantizer, why)
    if not any(whys):
        plan.swaps.append(Swap(layer, attribute, tuple(g for g in grids if not isinstance(g, str))))


def _add_hgq(plan: FixedPlan, layer: Any, attribute: str, quantizer: Any) -> None:
    grid = _hgq_grid(quantizer)
    if grid is not None:
        _add_grid(plan, layer, attribute, quantizer, grid)


def _hgq_grid(quantizer: Any) -> Grid | str | None:
    """The values of a quantiser; None where it leaves them as they are."""
    inner = quantizer.quantizer
    if getattr(inner, "__dummy__", False):
        return None
    if quantizer.scaler is not None or quantizer.affine is not None:
        return "it scales its values: leave scaler and affine out"
    if not hasattr(inner, "kif"):
        return "it has floating-point values: use q_type 'kif' or 'kbi'"
    signs, integers, fractions = (np.asarray(one) for one in inner.kif)
    return hgq_quantizers.activation_grid(
        hgq_quantizers.FixedBits(signs, integers, fractions, inner.round_mode, inner.overflow_mode)
    )
