"""What QKeras's quantisers are on int8: from their parameters to grids, without QKeras itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinycompress.conversion.fixed_point.grids import Grid

_USE_BITS = "use quantized_bits or quantized_relu"
_NO_GRID = {
    "bernoulli": f"it is random: {_USE_BITS}",
    "stochastic_binary": f"it is random: {_USE_BITS}",
    "stochastic_ternary": f"it is random: {_USE_BITS}",
    "binary": "int8 has no sign function: use quantized_bits(2, 1, symmetric=1, alpha=1) or"
    " quantized_relu(1)",
    "ternary": "int8 has no function with its threshold: use quantized_bits(2, 1, symmetric=1,"
    " alpha=1)",
    "quantized_po2": f"its values are not evenly spaced: {_USE_BITS}",
    "quantized_relu_po2": "its values are not evenly spaced: use quantized_relu",
    "quantized_ulaw": f"its values are not evenly spaced: {_USE_BITS}",
    "quantized_tanh": "use quantized_bits(bits, 0, alpha=1), which clips at -1 and 1 as well",
    "quantized_sigmoid": "use quantized_relu, or the activation 'sigmoid' of Keras",
    "quantized_hswish": "use quantized_relu, or the activation 'hard_swish' of Keras",
}


def activation_grid(kind: str, config: Mapping[str, Any]) -> Grid | str:
    """The values of an activation quantiser, or a sentence that says why they are on no grid.

    Args:
        kind: Name of the quantiser's class.
        config: Its parameters, as its ``get_config`` gives them.
    """
    if config.get("qnoise_factor") is not None and float(config["qnoise_factor"]) != 1:
        return "it quantises in part only: set its qnoise_factor to 1"
    if kind in ("quantized_bits", "quantized_linear"):
        return _linear(config)
    if kind == "quantized_relu":
        return _relu(config)
    return _NO_GRID.get(kind, f"it is not known here: {_USE_BITS}")


def _linear(config: Mapping[str, Any]) -> Grid | str:
    alpha = config.get("alpha")
    if isinstance(alpha, str):
        return f"alpha={alpha!r} gives every input a scale of its own: use alpha=1"
    if np.size(1 if alpha is None else alpha) != 1:
        return "one int8 tensor has one scale: use alpha=1"
    bits, negative = int(config["bits"]), bool(config.get("keep_negative", True))
    if bits == 1 and negative:
        return _NO_GRID["binary"]
    levels = 2 ** (bits - negative)
    low = int(negative) * (-levels + int(config.get("symmetric") or 0))
    return Grid(weight_unit(config) * _scalar(1 if alpha is None else alpha), low, levels - 1)


def weight_unit(config: Mapping[str, Any]) -> float:
    """The step of ``quantized_bits`` and ``quantized_linear`` before alpha scales it."""
    bits, negative = int(config["bits"]), bool(config.get("keep_negative", True))
    return float(2.0 ** (_scalar(config.get("integer", 0)) - (bits - negative)))


def _relu(config: Mapping[str, Any]) -> Grid | str:
    if config.get("use_sigmoid"):
        return "it has a sigmoid inside: use_sigmoid=0"
    if config.get("negative_slope"):
        return "a slope for negative values is rounded twice on int8: negative_slope=0"
    bits = int(config["bits"])
    step = float(2.0 ** (_scalar(config.get("integer", 0)) - bits))
    high = 2**bits - 1
    bound = config.get("relu_upper_bound")
    if bound is not None and not config.get("is_quantized_clip", True):
        if _scalar(bound) / step % 1:
            return f"its relu_upper_bound {_scalar(bound):g} is no multiple of its step {step:g}"
        high = min(high, int(_scalar(bound) / step))
    return Grid(step, 0, high)


def _scalar(value: Any) -> float:
    return float(np.asarray(value, np.float64).reshape(-1)[0])
