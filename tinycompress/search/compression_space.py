"""What can be chosen about the compression of one network, and the recipe of a choice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from tinycompress.artifacts import Optimize
from tinycompress.compression.network.channels import couple_channels
from tinycompress.compression.network.integers import SCALED_ALIKE
from tinycompress.compression.network.kernels import (
    GATES,
    PRUNABLE,
    kernel_layers,
    kernel_of,
)
from tinycompress.compression.network.network import Layer, Network
from tinycompress.compression.run.recipe import Recipe, parse_recipe
from tinycompress.compression.stages.prune_channels import fitting_multiple
from tinycompress.search.dimensions import Dimension, Parameters, Value
from tinycompress.search.goal import Goal

_FEWEST = 8
"""A layer with fewer weights than this times 8 is neither pruned nor clustered: nothing to save."""
_AFTER_FOLDING = 0.1
"""Of the learning rate, once BatchNormalization is folded: see docs/compression.md."""
_BATCH, _STEPS = 64, 8000
"""So many steps at most, where the user says nothing: few samples are looked at more often."""
_LEAST_SHARE = 4
_RUNGS = 4
"""An eighth of a training is too little to judge by: what learns fast is small."""
CHANNELS, SPARSITY, CLUSTERS = "channels.", "sparsity.", "clusters."
WHOLE = 256
"""As many values as int8 has: not clustered."""


@dataclass(frozen=True)
class Group:
    """Layers whose channels are coupled: what one dimension thins.

    ``name`` is the first of them; ``channels`` is how many there are.
    """

    name: str
    layers: tuple[str, ...]
    channels: int


def channel_groups(network: Network) -> tuple[Group, ...]:
    """The groups of layers that channels can be taken from, in the network's order."""
    order = {name: position for position, name in enumerate(network.layers)}
    coupling = couple_channels(network)
    found = []
    for members, _ in coupling.families():
        names = sorted(members, key=order.__getitem__)
        channels = np.unique(np.concatenate([coupling.of_layer[name] for name in names])).size
        found.append(Group(names[0], tuple(names), int(channels)))
    return tuple(sorted(found, key=lambda group: order[group.name]))


def compression_dimensions(
    network: Network, goal: Goal, channel_multiple: int, samples: int
) -> tuple[Dimension, ...]:
    """The space of a network's compression for a goal.

    Zeros and clusters save flash alone: without a goal or a budget of flash they are left out.

    Args:
        network: What is compressed, lowered.
        goal: What the search is for.
        channel_multiple: Of which number the core's kernels would like channels to be a multiple.
        samples: How many there are to train with.
    """
    found = [
        _channels(group, fitting_multiple(channel_multiple, group.channels))
        for group in channel_groups(network)
        if group.channels > 1
    ]
    saves_flash = "flash" in goal.objectives or goal.budgets.flash_bytes is not None
    layers = [one for one in kernel_layers(network) if kernel_of(one).size >= 8 * _FEWEST]
    for layer in layers if saves_flash else ():
        if layer.kind in PRUNABLE:
            found.append(
                Dimension(f"{SPARSITY}{layer.name}", "float", 0.0, 0.9, 0.15, least=0, most=0.99)
            )
        if layer.kind in (*SCALED_ALIKE, *GATES):
            # 256 values are 8 bits a weight, 16 are 4, 4 are 2, and 2 are 1.
            found.append(
                Dimension(f"{CLUSTERS}{layer.name}", "choice", choices=(WHOLE, 16, 4, 2),
                          least=2, most=256)
            )  # fmt: skip
    if any(_splittable(layer) for layer in kernel_layers(network)):
        found.append(Dimension("low_rank.energy", "float", 0.7, 1.0, 0.05, least=0.05, most=1.0))
        found.append(Dimension("order", "choice", choices=("channels", "low_rank")))
    return (*found, *training_dimensions(goal), *fine_tuning_dimensions(samples))


def _channels(group: Group, multiple: int) -> Dimension:
    """How many channels stay: all, or a multiple that is at least a quarter of them."""
    name, total = f"{CHANNELS}{group.name}", group.channels
    low = -(-total // (_LEAST_SHARE * multiple)) * multiple
    if total % multiple == 0:
        return Dimension(name, "int", min(low, total), total, multiple, least=1, most=total)
    counts = (*range(low, total, multiple), total)
    return Dimension(name, "choice", choices=counts, least=1, most=total)


def training_dimensions(goal: Goal) -> tuple[Dimension, ...]:
    """What can be chosen about any network: how it is quantised, and what firmware is built for."""
    saves_flash = "flash" in goal.objectives or goal.budgets.flash_bytes is not None
    aims: tuple[Value, ...] = ("speed", "flash") if saves_flash else ("speed",)
    return (
        Dimension("activations", "choice", choices=("int8", "int16")),
        Dimension("qat", "choice", choices=(False, True)),
        Dimension("optimize", "choice", choices=(*aims, *_only_ram(goal))),
    )


def _only_ram(goal: Goal) -> tuple[Value, ...]:
    wanted = "ram" in goal.objectives or goal.budgets.ram_reserved_bytes is not None
    return ("ram",) if wanted else ()


def epochs_of_steps(steps: int, samples: int) -> int:
    """How many epochs make so many steps of a usual batch: 8 to 64."""
    return min(max(-(-steps * _BATCH // samples), 8), 64)


def fine_tuning_dimensions(samples: int) -> tuple[Dimension, ...]:
    """How a trained model is trained on."""
    most = epochs_of_steps(_STEPS, samples)
    return (
        Dimension("epochs", "int", most // 8, most, log=True, least=0, most=10_000),
        Dimension("learning_rate", "float", 3e-4, 3e-3, log=True, least=1e-7, most=1.0),
        Dimension("fine_tuning", "choice", choices=("each", "last")),
        Dimension("distill.weight", "float", 0.0, 0.75, 0.25, least=0.0, most=1.0),
    )


def starting_points(dimensions: tuple[Dimension, ...]) -> tuple[dict[str, Value], ...]:
    """Candidates that a search looks at first: the model as it is, and even ways to compress it."""
    wishes: tuple[dict[str, Value], ...] = (
        {},
        {CHANNELS: 0.75},
        {CHANNELS: 0.5},
        {CHANNELS: 0.75, SPARSITY: 0.5, CLUSTERS: 16},
        {CHANNELS: 0.25, SPARSITY: 0.9, CLUSTERS: 4},
    )
    points: list[dict[str, Value]] = []
    for wish in wishes:
        point = starting_point(dimensions, wish)
        if point not in points:
            points.append(point)
    return tuple(points)


def starting_point(
    dimensions: tuple[Dimension, ...], wish: Mapping[str, Value]
) -> dict[str, Value]:
    """The candidate that is as the model is but for a wish.

    Args:
        dimensions: The space.
        wish: By parameter, or by kind of parameter (`CHANNELS`: the share that stays).
    """
    return {one.name: _start(one, wish) for one in dimensions}


_STARTS: Mapping[str, Value] = {
    CHANNELS: 1.0, SPARSITY: 0.0, CLUSTERS: WHOLE, "low_rank.energy": 1.0, "order": "channels",
    "activations": "int8", "qat": True, "optimize": "flash", "epochs": 0.75, "fine_tuning": "each",
    "distill.weight": 0.5,
}  # fmt: skip


def _start(dimension: Dimension, wish: Mapping[str, Value]) -> Value:
    name = dimension.name
    kind = next((p for p in (CHANNELS, SPARSITY, CLUSTERS) if name.startswith(p)), name)
    if kind == "learning_rate":
        return dimension.nearest(_middle(dimension))
    value = wish.get(kind, _STARTS[kind])
    if kind == CHANNELS:
        # Wishes are shares of the channels that there are.
        value = round(float(value) * float(dimension.most or 1))
    elif kind == "epochs" and dimension.kind == "int":
        value = round(float(value) * dimension.high)
    return dimension.nearest(value)


def _middle(dimension: Dimension) -> float:
    """Between the least and the largest number, by their logarithms."""
    numbers = [float(one) for one in dimension.choices] or [dimension.low, dimension.high]
    return sqrt(min(numbers) * max(numbers))


def start_of(dimension: Dimension) -> Value:
    """Where a search begins in one dimension."""
    return _start(dimension, {})


def smallest(dimensions: tuple[Dimension, ...]) -> dict[str, Value]:
    """The choice with the fewest channels and weights, and the firmware that is small."""
    return starting_point(dimensions, {CHANNELS: 0.0, SPARSITY: 1.0, CLUSTERS: 3})


def compression_recipe(parameters: Parameters, network: Network, seed: int) -> Recipe:
    """The recipe of a choice.

    Args:
        parameters: What was chosen, of `compression_dimensions`.
        network: The network of these.
        seed: Of the recipe.

    Raises:
        ConfigError: The choice makes no recipe.
    """
    thin = _thinning(parameters, network)
    if parameters.get("order") == "low_rank":
        thin.reverse()
    return recipe_of(parameters, [*thin, *_sparing(parameters, network)], seed)


def recipe_of(parameters: Parameters, stages: list[dict[str, Any]], seed: int) -> Recipe:
    """Stages with their share of the training, then what is left of it, in rungs; then QAT."""
    epochs = int(parameters.get("epochs", 0))
    int16 = parameters.get("activations") == "int16"
    quantise = bool(parameters.get("qat")) and not int16 and epochs > 0
    for_qat = max(1, epochs // 4) if quantise else 0
    each = parameters.get("fine_tuning") == "each" and bool(stages)
    share = max((epochs - for_qat) // (len(stages) + 1), 0) if each else 0
    for stage in stages:
        stage["fine_tune"] = {"epochs": share}
    for length in _rungs(max(epochs - for_qat - share * len(stages), 0)):
        stages.append({"kind": "train", "fine_tune": {"epochs": length}})
    if quantise:
        stages.append({"kind": "qat", "fine_tune": {"epochs": for_qat}})
    if not stages:
        stages.append({"kind": "train", "fine_tune": {"epochs": 0}})
    _tune(stages, parameters)
    stages.append({"kind": "convert", "activations": parameters.get("activations", "int8")})
    return parse_recipe(
        {
            "schema": 1,
            "name": "candidate",
            "description": "A candidate of a search.",
            "seed": seed,
            # What is too inaccurate is the search's to say.
            "limits": {"max_accuracy_drop": 1.0, "max_stage_drop": 1.0},
            "firmware": {"optimize": parameters.get("optimize", "speed")},
            "stage": stages,
        }
    )


def aim_of(recipe: Recipe) -> Optimize:
    """What the firmware of a recipe is built for."""
    return recipe.firmware.optimize


def training_key(recipe: Recipe, more: str = "") -> str:
    """A name for what a recipe trains: equal where firmware alone differs."""
    told = recipe.model_dump(mode="json", by_alias=True, exclude={"firmware"})
    text = json.dumps(told, sort_keys=True) + more
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def _rungs(epochs: int) -> list[int]:
    """Epochs in stages that end after a quarter, a half and all of them.

    Successive halving looks at the accuracy after each.
    """
    found: list[int] = []
    rung, done = max(epochs // _RUNGS, 1), 0
    while done < epochs:
        # The last one is not cut short.
        end = epochs if 2 * rung > epochs else rung
        found.append(end - done)
        done, rung = end, 2 * rung
    return found


def _tune(stages: list[dict[str, Any]], parameters: Parameters) -> None:
    rate = float(parameters.get("learning_rate", 1e-3))
    weight = float(parameters.get("distill.weight", 0.0))
    folded = False
    last_rung = max((n for n, stage in enumerate(stages) if stage["kind"] == "train"), default=-1)
    for number, stage in enumerate(stages):
        folded = folded or stage["kind"] in ("cluster", "qat")
        tuning = stage["fine_tune"]
        tuning["learning_rate"] = rate * _AFTER_FOLDING if folded else rate
        # What is looked at on the way is no end: the rate falls in the last half alone.
        tuning["decay"] = "cosine" if folded or number == last_rung else "none"
        if parameters.get("label_smoothing") and tuning["epochs"] > 0:
            tuning["label_smoothing"] = float(parameters["label_smoothing"])
        if "batch_size" in parameters:
            tuning["batch_size"] = int(parameters["batch_size"])
        if weight > 0 and tuning["epochs"] > 0:
            stage["distill"] = {"weight": weight}


def _thinning(parameters: Parameters, network: Network) -> list[dict[str, Any]]:
    """The stages that change shapes."""
    stages: list[dict[str, Any]] = []
    gone = {
        group.name: 1.0 - float(parameters.get(f"{CHANNELS}{group.name}", group.channels))
        / group.channels
        for group in channel_groups(network)
    }  # fmt: skip
    if any(share > 0 for share in gone.values()):
        asked = {name: round(share, 6) for name, share in gone.items() if share > 0}
        # Layers that keep all of theirs are asked for nothing.
        kept = {name: 0.0 for name, share in gone.items() if share <= 0}
        ratios = {**asked, **kept}
        stages.append({"kind": "prune_channels", "layer_ratio": ratios, "importance": "taylor"})
    energy = float(parameters.get("low_rank.energy", 1.0))
    if energy < 1.0:
        stages.append({"kind": "low_rank", "energy": energy})
    return stages


def _sparing(parameters: Parameters, network: Network) -> list[dict[str, Any]]:
    """The stages that change weights."""
    layers = kernel_layers(network)
    sparse = _chosen(parameters, SPARSITY, layers, 0.0)
    clusters = _chosen(parameters, CLUSTERS, layers, float(WHOLE))
    stages: list[dict[str, Any]] = []
    if sparse:
        idle = [one.name for one in layers if one.name not in sparse]
        stages.append({"kind": "prune", "layer_sparsity": sparse, "skip": idle})
    if clusters:
        idle = [one.name for one in layers if one.name not in clusters]
        # Zeros that stay are one of the values, and two have no room for it.
        counts = {n: max(int(k), 3 if sparse.get(n) else 2) for n, k in clusters.items()}
        stages.append(
            {"kind": "cluster", "shared": True, "layer_clusters": counts, "skip": idle,
             "clusters": max(counts.values())}
        )  # fmt: skip
    return stages


def _chosen(
    parameters: Parameters, prefix: str, layers: tuple[Layer, ...], idle: float
) -> dict[str, float]:
    found = {one.name: float(parameters.get(f"{prefix}{one.name}", idle)) for one in layers}
    return {name: value for name, value in found.items() if value != idle}


def _splittable(layer: Layer) -> bool:
    return layer.kind == "Dense" or (
        layer.kind == "Conv2D" and layer.weights[0].shape[:2] == (1, 1)
    )
