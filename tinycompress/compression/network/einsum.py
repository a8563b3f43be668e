"""EinsumDense as the Dense layer that it is, between changes of shape where it needs them.

With the axes of the input that are summed over last, and those of the kernel alone last in the
output, ``einsum`` is a product of matrices: ``abc,cd->abd``, ``aecd,bcd->aeb`` and the like.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod
from string import ascii_letters
from typing import Any

import numpy as np

from tinycompress.compression.network.network import Array, Call, Layer, Network
from tinycompress.errors import ModelError

_Shape = tuple[int | None, ...]
_Link = tuple[Layer, _Shape]
_TRAINED_WITH = (
    "kernel_regularizer", "bias_regularizer", "activity_regularizer", "kernel_constraint",
    "bias_constraint",
)  # fmt: skip


@dataclass(frozen=True)
class _Equation:
    """Labels of the axes; those of input and output begin with the batch."""

    given: str
    kernel: str
    made: str

    @property
    def summed(self) -> str:
        return "".join(label for label in self.given if label in self.kernel)

    @property
    def kept(self) -> str:
        return "".join(label for label in self.given if label not in self.kernel)

    @property
    def fresh(self) -> str:
        return "".join(label for label in self.made if label in self.kernel)

    @property
    def is_matrix_product(self) -> bool:
        """Whether every axis is kept, summed over, or the kernel's alone; the batch stays first."""
        labels = (self.given, self.kernel, self.made)
        return (
            all(len(set(one)) == len(one) for one in labels)
            and not set(self.summed) & set(self.made)
            and set(self.made) == set(self.kept) | set(self.fresh)
            and set(self.kernel) == set(self.summed) | set(self.fresh)
            and bool(self.summed)
            and self.given[:1] == self.made[:1] == self.kept[:1]
        )


def split_einsum(network: Network) -> Network:
    """Replace every EinsumDense by a Dense layer of its name.

    Returns:
        A network that infers the same.

    Raises:
        ModelError: One that is no product of matrices.
    """
    for layer in tuple(network.layers.values()):
        if layer.kind == "EinsumDense":
            names = [network.new_name(f"{layer.name}_{part}") for part in _PARTS]
            for call in network.calls_of(layer.name):
                links = tuple(_links(network, layer, call, dict(zip(_PARTS, names, strict=True))))
                network = network.replace_call(call, links)
    return network


_PARTS = ("order", "rows", "axes", "place", "activation")


def _links(network: Network, layer: Layer, call: Call, names: dict[str, str]) -> Iterator[_Link]:
    before = network.shape(call.inputs[0])
    equation = _equation(layer, len(before) + 1)
    sizes = dict(zip(equation.given[1:], before, strict=True))
    sizes.update(zip(equation.kernel, layer.weights[0].shape, strict=True))
    rest = equation.kept[1:]
    ordered = rest + equation.summed
    kept = tuple(sizes[label] for label in rest)
    summed = prod(sizes[label] or 1 for label in equation.summed)
    fresh = tuple(sizes[label] or 1 for label in equation.fresh)
    if ordered != equation.given[1:]:
        dims = tuple(equation.given.index(label) for label in ordered)
        shape = tuple(sizes[label] for label in ordered)
        yield Layer(names["order"], "Permute", {"dims": dims}), shape
    if len(equation.summed) != 1:
        yield _reshape(names["rows"], (*kept, summed)), (*kept, summed)
    several = len(fresh) != 1 or equation.made[1:] != rest + equation.fresh
    activation = layer.config.get("activation", "linear")
    dense = _dense(layer, equation, "linear" if several else activation)
    yield dense, (*kept, prod(fresh))
    if len(fresh) != 1:
        yield _reshape(names["axes"], (*kept, *fresh)), (*kept, *fresh)
    found = rest + equation.fresh
    if equation.made[1:] != found:
        dims = tuple(found.index(label) + 1 for label in equation.made[1:])
        yield Layer(names["place"], "Permute", {"dims": dims}), call.shape
    if several and activation != "linear":
        yield Layer(names["activation"], "Activation", {"activation": activation}), call.shape


def _equation(layer: Layer, rank: int) -> _Equation:
    text = layer.config["equation"].replace(" ", "")
    given, kernel, made = text.replace("->", ",").split(",")
    if "..." in text:
        free = [label for label in ascii_letters if label not in text]
        more = "".join(free[: rank - len(given.replace("...", ""))])
        given, made = (side.replace("...", more) for side in (given, made))
        # Keras takes an ellipsis at either end; the batch is among its axes, or before them.
    equation = _Equation(given, kernel, made)
    if not equation.is_matrix_product or _bias(layer, equation) is None:
        raise ModelError(
            "a layer of the model cannot be compressed",
            reasons=(
                f"layer {layer.name!r} (EinsumDense): {text!r}"
                f"{_of_bias(layer)} is no Dense layer between changes of shape",
            ),
            hint="use Dense with Reshape and Permute, or a bias along axes of the kernel alone",
        )
    return equation


def _of_bias(layer: Layer) -> str:
    axes = layer.config.get("bias_axes")
    return f" with a bias along {axes!r}" if axes else ""


def _dense(layer: Layer, equation: _Equation, activation: str) -> Layer:
    kernel = layer.weights[0]
    order = [equation.kernel.index(label) for label in equation.summed + equation.fresh]
    rows = prod(kernel.shape[equation.kernel.index(label)] for label in equation.summed)
    matrix = np.transpose(kernel, order).reshape(rows, -1)
    bias = _bias(layer, equation)
    has_bias = len(layer.weights) > 1
    weights = (matrix, bias) if has_bias and bias is not None else (matrix,)
    config: dict[str, Any] = {
        "units": matrix.shape[1], "use_bias": has_bias, "activation": activation,
        **{key: layer.config.get(key) for key in _TRAINED_WITH},
    }  # fmt: skip
    return replace(layer, kind="Dense", config=config, weights=weights)


def _bias(layer: Layer, equation: _Equation) -> Array | None:
    """The bias for all units; empty without one, None for one along axes that are kept."""
    if len(layer.weights) < 2:
        return np.zeros(0, np.float32)
    bias = layer.weights[1]
    labels = equation.made[len(equation.made) - bias.ndim :]
    sizes = dict(zip(equation.kernel, layer.weights[0].shape, strict=True))
    if any(
        size > 1 and label not in equation.fresh
        for label, size in zip(labels, bias.shape, strict=True)
    ):
        return None
    own = [label for label in labels if label in equation.fresh]
    # The kernel's axes alone are last in the output, in their order: those that it lacks are first.
    missing = len(equation.fresh) - len(own)
    along = [size for label, size in zip(labels, bias.shape, strict=True) if label in own]
    whole = np.broadcast_to(
        bias.reshape([1] * missing + along), [sizes[label] for label in equation.fresh]
    )
    return whole.reshape(-1).astype(np.float32)


def _reshape(name: str, shape: _Shape) -> Layer:
    target = tuple(-1 if size is None else size for size in shape)
    return Layer(name, "Reshape", {"target_shape": target})
