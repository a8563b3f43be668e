"""Stage ``weight_bits``: weights of 7 bits or fewer, the same for all layers or chosen for each.

The int8 file stays int8: its integers are those of an even grid, 15 of 4 bits, 7 of 3, 3 of 2 and 2
of 1, with a scale for every output channel of a convolution and one for a Dense. The firmware
stores them in so many bits (see docs/weights.md). Scales are fitted by least squares, and training
goes on with weights in full precision behind the grid, as for shared integers (`shared_integers`).

With ``bits = "auto"`` every layer gets bits of its own within a budget, by how sensitive it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from tinycompress.compression.checks.kmeans import LLOYD_ROUNDS
from tinycompress.compression.checks.promises import GridPromise, Promises, moving, projections
from tinycompress.compression.checks.shared_integers import SharedIntegers
from tinycompress.compression.network.fold import fold_batch_norms
from tinycompress.compression.network.integers import SCALED_ALIKE
from tinycompress.compression.network.kernels import kernel_layers, with_kernel
from tinycompress.compression.network.network import Layer, Network
from tinycompress.compression.sensitivity import (
    SensitivityOptions,
    SensitivityTable,
    measure_sensitivity,
)
from tinycompress.compression.sensitivity.bits import Measure, choose_bits
from tinycompress.compression.sensitivity.changes import INT8_BITS
from tinycompress.compression.stages.base import StageSpec, State, chosen, left_as_they_are
from tinycompress.compression.stages.options import LayerChoice, TrainedStage
from tinycompress.compression.training.fine_tune import train_network
from tinycompress.compression.training.trainer import Trainer
from tinycompress.errors import ConfigError

Bits = Annotated[int, Field(ge=1, le=8)]
_AUTO_ONLY = ("choices", "mean_bits", "flash_bytes", "sensitivity", "samples")
_BOARD_STEPS = 5
"""Halvings of the mean bits where every step is a build: to a fifth of a bit."""


class WeightBits(TrainedStage, LayerChoice):
    """Weights of so many bits, 1 to 8; 8 leaves a layer as it is.

    ``layer_bits`` has other bits for layers by name. With ``bits = "auto"`` they are chosen for
    every layer among ``choices``, so that the layers' summed sensitivity is least and the budget is
    kept: ``mean_bits`` a weight, or ``flash_bytes`` of the firmware on the board. ``sensitivity``
    is measured on ``samples`` of the training data: ``kl``, the KL divergence of the outputs, or
    ``hessian``, HAWQ-V2's trace times squared error.
    """

    kind: Literal["weight_bits"] = "weight_bits"
    bits: Bits | Literal["auto"] = 4
    layer_bits: dict[str, Bits] = Field(default_factory=dict)
    choices: Annotated[tuple[Bits, ...], Field(strict=False, min_length=1)] = (8, 4, 3, 2)
    mean_bits: Annotated[float, Field(ge=1, le=8)] | None = None
    flash_bytes: Annotated[int, Field(ge=1)] | None = None
    sensitivity: Measure = "kl"
    samples: Annotated[int, Field(ge=1, le=100_000)] = 256

    @model_validator(mode="after")
    def _fitting_together(self) -> WeightBits:
        if self.bits != "auto":
            wrong = [name for name in _AUTO_ONLY if name in self.model_fields_set]
            if wrong:
                raise ValueError(f"{', '.join(wrong)} goes with bits = 'auto' only")
            return self
        if self.layer_bits:
            raise ValueError(
                "layer_bits goes with a number of bits; with bits = 'auto' skip layers"
            )
        if (self.mean_bits is None) == (self.flash_bytes is None):
            raise ValueError("bits = 'auto' needs one budget: mean_bits or flash_bytes")
        return self

    def layer_names(self) -> Mapping[str, Iterable[str]]:
        """By key, the names of layers that the table mentions."""
        return {**super().layer_names(), "layer_bits": self.layer_bits}


def weight_bits(state: State, options: WeightBits, trainer: Trainer) -> State:
    """Fold BatchNormalization, put the kernels on their grids and fine-tune.

    Args:
        state: The model and what was promised of it.
        options: How many bits, or which budget.
        trainer: Data and teacher; a board's figures for ``flash_bytes``.

    Returns:
        The model with weights of few bits, and a promise for every layer with fewer than 8.

    Raises:
        ConfigError: No layer to work on, a layer without room for its zeros, or a budget that
            cannot be met.
    """
    network = fold_batch_norms(state.network)
    layers = _layers(network, options)
    bits, notes = _bits(network, layers, state.promises, options, trainer)
    network = _on_grids(network, bits, state.promises)
    few = {name: GridPromise(count) for name, count in bits.items() if count < INT8_BITS}
    promises = state.promises.with_gridded(few)
    network = train_network(
        network,
        trainer,
        options.fine_tune,
        options.distill,
        projections(network, promises, trainer.seed),
        label="weight_bits",
    )
    return State(network, promises, (*notes, *left_as_they_are(network, layers)))


def _layers(network: Network, options: WeightBits) -> tuple[Layer, ...]:
    layers = tuple(
        layer for layer in chosen(kernel_layers(network), options) if layer.kind in SCALED_ALIKE
    )
    if not layers:
        raise ConfigError(
            "weight_bits: no layer is left to work on",
            hint=f"it is for {', '.join(SCALED_ALIKE)}; see skip and skip_types",
        )
    names = {layer.name for layer in layers}
    wrong = [name for name in options.layer_bits if name not in names]
    if wrong:
        raise ConfigError(
            f"weight_bits: layer {wrong[0]!r} has layer_bits, and is left as it is",
            hint=f"layer_bits is for {', '.join(sorted(names))}",
        )
    return layers


def _bits(
    network: Network,
    layers: tuple[Layer, ...],
    promises: Promises,
    options: WeightBits,
    trainer: Trainer,
) -> tuple[dict[str, int], tuple[str, ...]]:
    """Bits by layer name, with what to tell of them."""
    if options.bits != "auto":
        bits = {layer.name: options.layer_bits.get(layer.name, options.bits) for layer in layers}
        return bits, (_told(layers, bits),)
    table = measure_sensitivity(
        network,
        trainer.train,
        options=SensitivityOptions(
            sparsities=(), clusters=(), bits=tuple(sorted(set(options.choices))),
            samples=options.samples, hessian=options.sensitivity == "hessian", seed=trainer.seed,
        ),
        layers=[layer.name for layer in layers],
        progress=trainer.progress,
    )  # fmt: skip
    if options.mean_bits is not None:
        bits = choose_bits(table, options.choices, options.mean_bits, measure=options.sensitivity)
    else:
        bits = _within_flash(network, table, promises, options, trainer)
    why = {"kl": "KL divergence", "hessian": "the Hessian's trace"}[options.sensitivity]
    return bits, (f"{_told(layers, bits)}; by {why} on {table.samples} samples",)


def _told(layers: Iterable[Layer], bits: Mapping[str, int]) -> str:
    sizes = {layer.name: layer.weights[0].size for layer in layers}
    mean = sum(bits[name] * size for name, size in sizes.items()) / sum(sizes.values())
    each = ", ".join(f"{name} {count}" for name, count in bits.items())
    return f"bits of the weights: {each}; {mean:.2f} in the mean"


def _on_grids(network: Network, bits: Mapping[str, int], promises: Promises) -> Network:
    return network.with_layers(
        _on_grid(network.layers[name], count, promises)
        for name, count in bits.items()
        if count < INT8_BITS
    )


def _on_grid(layer: Layer, bits: int, promises: Promises) -> Layer:
    kernel = layer.weights[0]
    free = moving(layer.name, kernel, promises)
    if bits == 1 and not free.all():
        raise ConfigError(
            f"weight_bits: layer {layer.name!r} has weights that stay zero, and one bit has no room"
            " for it",
            hint="give it 2 bits or more, or skip the layer",
        )
    grid = SharedIntegers.on_grid(kernel, layer.kind, free, bits)
    return with_kernel(layer, grid.fitted(LLOYD_ROUNDS))


def _within_flash(
    network: Network,
    table: SensitivityTable,
    promises: Promises,
    options: WeightBits,
    trainer: Trainer,
) -> dict[str, int]:
    """The most bits with which the firmware on the board keeps its budget, before training."""
    cost, limit = trainer.cost, options.flash_bytes
    if cost is None or limit is None:
        raise ConfigError("weight_bits: flash_bytes is measured on a board, and none is named")
    sizes: dict[tuple[int, ...], float] = {}

    def flash(bits: Mapping[str, int]) -> float:
        key = tuple(bits.values())
        if key not in sizes:
            sizes[key] = cost(_on_grids(network, bits, promises), "flash_bytes")
            verdict = "within" if sizes[key] <= limit else "above"
            trainer.say(
                f"weight_bits: trial {len(sizes)}, {'/'.join(map(str, key))} bits:"
                f" {sizes[key]:,.0f} bytes of flash; {verdict} the limit of {limit:,}"
            )
        return sizes[key]

    def within(mean_bits: float) -> dict[str, int]:
        return choose_bits(table, options.choices, mean_bits, measure=options.sensitivity)

    low, high = float(min(options.choices)), float(max(options.choices))
    best = within(high)
    if flash(best) <= limit:
        return best
    best = within(low)
    if flash(best) > limit:
        raise ConfigError(
            f"weight_bits: at most {limit:,} bytes of flash cannot be met; the nearest that can is"
            f" {flash(best):,.0f}",
            hint="raise flash_bytes, add fewer bits to choices, or build with optimize = 'flash',"
            " which stores them small",
        )
    for _ in range(_BOARD_STEPS):
        middle = (low + high) / 2.0
        bits = within(middle)
        if flash(bits) <= limit:
            low, best = middle, bits
        else:
            high = middle
    return best


SPEC = StageSpec(
    WeightBits,
    summary="puts the weights of a layer on an even grid of few bits: the same for all, or for each"
    " layer by its sensitivity",
    run=weight_bits,
    saves="flash, if encoded",
    promises="integers of the grid in the file",
    precedes=dict.fromkeys(
        ("cluster", "weight_bits"), "a weight has one grid or codebook; set it in one stage"
    ),
    needs_board=lambda options: "" if options.flash_bytes is None else "flash_bytes",
)
