"""Stage ``low_rank``: a Dense layer or 1x1 convolution becomes two thinner ones, by SVD."""

from __future__ import annotations

from dataclasses import replace
from math import ceil, prod
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, model_validator

from tinycompress.compression.checks.promises import projections
from tinycompress.compression.network.kernels import kernel_layers, macs
from tinycompress.compression.network.network import Array, Call, Layer, Network
from tinycompress.compression.stages.base import StageSpec, State, chosen
from tinycompress.compression.stages.options import LayerChoice, Ratio, TrainedStage
from tinycompress.compression.training.fine_tune import train_network
from tinycompress.compression.training.trainer import Trainer
from tinycompress.errors import ConfigError

_LEAST_ENERGY = 1e-6
_SEARCH_STEPS = 20


class LowRank(TrainedStage, LayerChoice):
    """Dense layers and 1x1 convolutions become two thinner ones where that saves MACs.

    The rank is the least that keeps the share ``energy`` of the squared singular values, or
    ``rank_ratio`` of the full rank where that is given. With ``macs_budget`` it is the least that
    keeps the largest share of energy, the same for all layers, with which the model has at most so
    many MACs.
    """

    kind: Literal["low_rank"] = "low_rank"
    energy: Annotated[float, Field(gt=0, lt=1)] = 0.95
    rank_ratio: Ratio | None = None
    macs_budget: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _one_criterion(self) -> LowRank:
        given = self.model_fields_set & {"energy", "rank_ratio", "macs_budget"}
        if len(given) > 1:
            raise ValueError(f"{' and '.join(sorted(given))} exclude each other")
        return self


def low_rank(state: State, options: LowRank, trainer: Trainer) -> State:
    """Split every layer that gets cheaper by it, and fine-tune.

    A layer stays whole where the rank that is asked for costs as many MACs as it has, or where it
    is shared.

    Returns:
        The model with split layers: ``name`` keeps its outputs, ``name_low_rank`` comes before it.

    Raises:
        ConfigError: The budget cannot be kept; the nearest that can is named.
    """
    if options.macs_budget is not None:
        options = _within_budget(state.network, options, options.macs_budget)
    network, notes = _all_split(state.network, options)
    network = train_network(
        network,
        trainer,
        options.fine_tune,
        options.distill,
        projections(network, state.promises),
        label="low_rank",
    )
    return State(network, state.promises, notes or ("no layer could be split",))


def _all_split(network: Network, options: LowRank) -> tuple[Network, tuple[str, ...]]:
    notes = []
    for layer in chosen(kernel_layers(network), options):
        calls = network.calls_of(layer.name)
        if not _splittable(layer) or len(calls) != 1:
            continue
        matrix = layer.weights[0].reshape(layer.weights[0].shape[-2:])
        left, right = factors(matrix, options)
        rank = left.shape[1]
        if rank * sum(matrix.shape) >= matrix.size:
            notes.append(f"{layer.name}: kept whole; rank {rank} would not lower its MACs")
            continue
        network = _split(network, layer, calls[0], left, right)
        notes.append(f"{layer.name}: rank {rank} of {min(matrix.shape)}")
    return network, tuple(notes)


def _within_budget(network: Network, options: LowRank, budget: int) -> LowRank:
    """The same options by energy: the largest share with which the budget is kept."""

    def by_energy(energy: float) -> LowRank:
        return options.model_copy(update={"energy": energy, "macs_budget": None})

    def cost(energy: float) -> int:
        return macs(_all_split(network, by_energy(energy))[0])

    low, high = _LEAST_ENERGY, 1.0 - _LEAST_ENERGY
    if cost(low) > budget:
        raise ConfigError(
            f"low_rank: a budget of {budget:,} MACs cannot be kept; the nearest that can is"
            f" {cost(low):,} of now {macs(network):,}",
            hint="raise macs_budget, or skip fewer layers",
        )
    for _ in range(_SEARCH_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if cost(middle) <= budget else (low, middle)
    return by_energy(low)


def factors(matrix: Array, options: LowRank) -> tuple[Array, Array]:
    """Two float32 factors of the rank that the options ask for; their product is nearest.

    Args:
        matrix: ``[inputs, outputs]``.
        options: Share of energy to keep, or of the full rank.

    Returns:
        ``[inputs, rank]`` and ``[rank, outputs]``, of equal norms so that both quantise well.
    """
    left, values, right = np.linalg.svd(matrix.astype(np.float64), full_matrices=False)
    if options.rank_ratio is not None:
        rank = max(1, ceil(len(values) * options.rank_ratio))
    else:
        energy = np.cumsum(values**2)
        kept = energy >= options.energy * energy[-1]
        rank = int(np.argmax(kept)) + 1
    root = np.sqrt(values[:rank])
    return (
        (left[:, :rank] * root).astype(np.float32),
        (root[:, None] * right[:rank]).astype(np.float32),
    )


def _splittable(layer: Layer) -> bool:
    if layer.kind == "Dense":
        return True
    return (
        layer.kind == "Conv2D"
        and prod(layer.weights[0].shape[:2]) == 1
        and layer.config.get("groups", 1) == 1
    )


def _split(network: Network, layer: Layer, call: Call, left: Array, right: Array) -> Network:
    rank = left.shape[1]
    name = network.new_name(f"{layer.name}_low_rank")
    plain: dict[str, Any] = {"use_bias": False, "activation": "linear"}
    regularizer = {"kernel_regularizer": layer.config.get("kernel_regularizer")}
    if layer.kind == "Dense":
        first = Layer(name, "Dense", {"units": rank, **plain, **regularizer}, (left,))
        second = layer
    else:
        strided = {key: layer.config[key] for key in ("strides",) if key in layer.config}
        config = {"filters": rank, "kernel_size": 1, **strided, **plain, **regularizer}
        first = Layer(name, "Conv2D", config, (left[None, None],))
        second = layer.with_config(strides=1)
        right = right[None, None]
    second = replace(second, weights=(right, *layer.weights[1:]))
    between = (*call.shape[:-1], rank)
    return network.replace_call(call, [(first, between), (second, call.shape)])


SPEC = StageSpec(
    LowRank,
    summary="splits Dense layers and 1x1 convolutions into two thinner ones",
    run=low_rank,
    saves="flash, latency",
    precedes=dict.fromkeys(
        ("prune", "cluster", "weight_bits"),
        "the factors of a pruned or clustered kernel are neither",
    ),
)
