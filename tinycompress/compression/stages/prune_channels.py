"""Stage ``prune_channels``: whole filters and neurons go, and the shapes with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from tinycompress.compression.checks.promises import projections
from tinycompress.compression.criteria.base import Scores
from tinycompress.compression.criteria.channels import CHANNELS, Importance
from tinycompress.compression.network.channels import Channels, couple_channels, without_channels
from tinycompress.compression.network.kernels import macs
from tinycompress.compression.network.network import Array, Network
from tinycompress.compression.stages.base import StageSpec, State
from tinycompress.compression.stages.options import LayerChoice, Ratio, TrainedStage
from tinycompress.compression.training.fine_tune import train_network
from tinycompress.compression.training.trainer import Trainer
from tinycompress.errors import ConfigError

_SEARCH_STEPS = 40
_BOARD_STEPS = 8
"""Halvings of the share where every step is a build: to 0.4 % of the channels."""
_BOARD_TRIALS = _BOARD_STEPS + 2
"""At most: the whole model and the thinnest one are looked at first."""
_FIGURES = {"ram": "ram_bytes", "latency": "latency_us"}
_UNITS = {
    "macs": "MACs", "parameters": "parameters", "ram": "bytes of RAM", "latency": "us",
}  # fmt: skip


class PruneChannels(TrainedStage, LayerChoice):
    """Whole filters and neurons go, and the shapes with them.

    ``ratio`` is the share that goes: of channels (``target = "ratio"``), of the model's MACs, of
    its parameters, or of the RAM or latency that the board takes for it. ``budget`` says instead
    what may stay: MACs, parameters, bytes of RAM or microseconds. Channel counts stay
    multiples of ``multiple``, and at least ``min_channels``. Without ``multiple`` they are
    multiples of what the core's kernels compute at once; for a layer with fewer than two such
    groups, of a half of that, a quarter, and so on. ``layer_ratio`` has other shares for layers by
    name, and for those whose channels are coupled to theirs; 0 leaves them whole. With ``bn_gamma``
    the fine-tuning before pruning can have the L1 penalty ``gamma_l1`` of network slimming for
    ``slim_epochs``.
    """

    kind: Literal["prune_channels"] = "prune_channels"
    ratio: Ratio = 0.5
    target: Literal["ratio", "macs", "parameters", "ram", "latency"] = "ratio"
    budget: Annotated[float, Field(gt=0)] | None = None
    importance: Importance = "l1"
    scope: Literal["layer", "global"] = "layer"
    layer_ratio: dict[str, Annotated[float, Field(ge=0, lt=1)]] = Field(default_factory=dict)
    multiple: Annotated[int, Field(ge=1, le=64)] | None = None
    min_channels: Annotated[int, Field(ge=1, le=4096)] = 1
    slim_epochs: Annotated[int, Field(ge=0, le=1000)] = 0
    gamma_l1: Annotated[float, Field(gt=0, le=1)] = 1e-4
    samples: Annotated[int, Field(ge=1, le=100_000)] = 256

    @model_validator(mode="after")
    def _one_measure(self) -> PruneChannels:
        if self.budget is not None and self.target == "ratio":
            raise ValueError("budget needs a target: 'macs', 'parameters', 'ram' or 'latency'")
        if self.budget is not None and "ratio" in self.model_fields_set:
            raise ValueError("budget and ratio exclude each other")
        if self.layer_ratio and (self.target != "ratio" or self.scope == "global"):
            raise ValueError("layer_ratio goes with target = 'ratio' and scope = 'layer' only")
        return self

    @model_validator(mode="after")
    def _slimming_needs_gamma(self) -> PruneChannels:
        if self.slim_epochs and self.importance != "bn_gamma":
            raise ValueError("slim_epochs goes with importance = 'bn_gamma' only")
        return self

    def layer_names(self) -> Mapping[str, Iterable[str]]:
        """By key, the names of layers that the table mentions."""
        return {**super().layer_names(), "layer_ratio": self.layer_ratio}


def prune_channels(state: State, options: PruneChannels, trainer: Trainer) -> State:
    """Remove the least important coupled channels until the target is met, and fine-tune.

    Args:
        state: The model and what was promised of it.
        options: Target, measure of importance, limits.
        trainer: Data and teacher.

    Returns:
        The thinner model.

    Raises:
        ConfigError: Nothing can be removed, or the target cannot be met; the nearest is named.
    """
    network = _slimmed(state.network, options, trainer)
    channels = couple_channels(network)
    families, unranked = _families(network, channels, options, trainer)
    if not families:
        raise ConfigError(
            "prune_channels: no channel can be removed",
            hint=f"{_UNRANKED[options.importance]}{', '.join(unranked)}; take another importance"
            if unranked
            else "all channels reach an output or are skipped; see skip and skip_types",
        )
    removed = _meeting_target(network, channels, families, options, trainer)
    thin = without_channels(network, channels, removed)
    notes = (
        f"{len(removed)} of {sum(f.channels.size for f in families)} coupled channels removed;"
        f" MACs {macs(network)} -> {macs(thin)}, parameters {network.parameters} ->"
        f" {thin.parameters}",
        *(
            (f"left whole: {_UNRANKED[options.importance]}{', '.join(unranked)}",)
            if unranked
            else ()
        ),
    )
    thin = train_network(
        thin,
        trainer,
        options.fine_tune,
        options.distill,
        projections(thin, state.promises, trainer.seed),
        label="prune_channels",
    )
    return State(thin, state.promises, notes)


_UNRANKED = {
    "bn_gamma": "there is no BatchNormalization to rank the channels of ",
    "hrank": "there are no feature maps of two axes to rank the channels of ",
}


@dataclass(frozen=True, eq=False)
class _Family:
    """Coupled layers: their removable channels, least important first, and how many may go."""

    names: frozenset[str]
    channels: Array
    scores: Array
    fixed: int
    multiple: int
    min_channels: int

    def allowed(self, wish: int) -> int:
        """At most ``wish`` channels, so few that what stays is as many as it must be."""
        total = self.channels.size + self.fixed
        least = max(self.min_channels, self.fixed, 1)
        stay = max(total - wish, least)
        stay = -(-stay // self.multiple) * self.multiple
        return max(0, min(wish, total - stay))

    def ratio(self, options: PruneChannels, share: float) -> float:
        """The share that is to go of these layers: the largest that is asked for any of them."""
        asked = [options.layer_ratio[name] for name in self.names if name in options.layer_ratio]
        return max(asked, default=share)


def _slimmed(network: Network, options: PruneChannels, trainer: Trainer) -> Network:
    """Network slimming: train with an L1 penalty on the gammas that are to be ranked."""
    if options.slim_epochs == 0:
        return network
    penalty = {"class_name": "L1", "config": {"l1": options.gamma_l1}}
    norms = [layer for layer in network.layers.values() if layer.kind == "BatchNormalization"]
    penalized = network.with_layers(layer.with_config(gamma_regularizer=penalty) for layer in norms)
    tune = options.fine_tune.model_copy(update={"epochs": options.slim_epochs})
    trained = train_network(penalized, trainer, tune, None, {}, label="slimming")
    return trained.with_layers(
        trained.layers[layer.name].with_config(
            gamma_regularizer=layer.config.get("gamma_regularizer")
        )
        for layer in norms
    )


def _families(
    network: Network, channels: Channels, options: PruneChannels, trainer: Trainer
) -> tuple[tuple[_Family, ...], tuple[str, ...]]:
    """What can be removed, and the layers that the measure of importance does not know."""
    skipped = {
        layer.name
        for layer in network.layers.values()
        if layer.name in options.skip or layer.kind in options.skip_types
    }
    candidates = [(names, free) for names, free in channels.families() if not names & skipped]
    names = tuple(name for members, _ in candidates for name in sorted(members))
    scores: Scores = {}
    if names:
        scores = CHANNELS[options.importance](network, names, trainer, options.samples)
    found, unranked = [], []
    for members, free in candidates:
        if not members <= set(scores):
            unranked += sorted(members)
            continue
        total = np.unique(np.concatenate([channels.of_layer[name] for name in members])).size
        order, sums = _ranked(members, free, channels, scores)
        multiple = options.multiple or fitting_multiple(trainer.channel_multiple, total)
        found.append(
            _Family(members, order, sums, total - free.size, multiple, options.min_channels)
        )
    return tuple(found), tuple(unranked)


def fitting_multiple(multiple: int, channels: int) -> int:
    """What the kernels like, or so much less that a layer has at least two groups of it."""
    while multiple > 1 and channels < 2 * multiple:
        multiple //= 2
    return multiple


def _ranked(
    members: frozenset[str], free: Array, channels: Channels, scores: Scores
) -> tuple[Array, Array]:
    """Removable channels by rising importance, summed over the layers that share them."""
    sums = dict.fromkeys((int(channel) for channel in free), 0.0)
    for name in sorted(members):
        # Layers differ in scale; in a common ranking each one has a mean of 1.
        values = scores[name] / max(float(scores[name].mean()), 1e-12)
        for channel, value in zip(channels.of_layer[name], values, strict=True):
            if int(channel) in sums:
                sums[int(channel)] += float(value)
    order = sorted(sums, key=lambda channel: (sums[channel], channel))
    return np.array(order), np.array([sums[channel] for channel in order])


def _removal(families: tuple[_Family, ...], options: PruneChannels, share: float) -> frozenset[int]:
    """The channels that go when a share of them is to go."""
    if options.scope == "layer":
        wishes = [
            round(family.ratio(options, share) * (family.channels.size + family.fixed))
            for family in families
        ]
    else:
        owners = np.repeat(np.arange(len(families)), [f.channels.size for f in families])
        ranking = np.argsort(np.concatenate([f.scores for f in families]), kind="stable")
        gone = owners[ranking[: round(share * owners.size)]]
        wishes = [int(np.sum(gone == number)) for number in range(len(families))]
    removed: set[int] = set()
    for family, wish in zip(families, wishes, strict=True):
        wish = min(wish, family.channels.size)
        removed.update(int(channel) for channel in family.channels[: family.allowed(wish)])
    return frozenset(removed)


def _meeting_target(
    network: Network,
    channels: Channels,
    families: tuple[_Family, ...],
    options: PruneChannels,
    trainer: Trainer,
) -> frozenset[int]:
    if options.target == "ratio":
        removed = _removal(families, options, options.ratio)
        if not removed:
            raise ConfigError(
                f"prune_channels: ratio {options.ratio:g} removes no channel",
                hint="raise ratio, or lower multiple or min_channels",
            )
        return removed
    return _within_limit(network, channels, families, options, trainer)


def _within_limit(
    network: Network,
    channels: Channels,
    families: tuple[_Family, ...],
    options: PruneChannels,
    trainer: Trainer,
) -> frozenset[int]:
    """The fewest channels without which the model takes no more than it may."""
    trials = _Trials(network, channels, options, trainer)
    whole, limit = trials.cost(frozenset()), trials.limit
    best = _removal(families, options, 1.0)
    if trials.cost(best) > limit:
        raise _unreachable(options, limit, whole, trials.cost(best))
    low, high = 0.0, 1.0
    for _ in range(_BOARD_STEPS if trials.on_board else _SEARCH_STEPS):
        middle = (low + high) / 2
        removed = _removal(families, options, middle)
        if trials.cost(removed) <= limit:
            high, best = middle, removed
        else:
            low = middle
    trials.finish()
    return best


class _Trials:
    """What the model takes without some of its channels.

    On a board every look costs a build: each one is told, and none is done twice.

    Attributes:
        on_board: Whether the looks are builds.
        limit: What the model may take.

    Raises:
        ConfigError: A share of what the model takes is asked for, and that is not known.
    """

    def __init__(
        self, network: Network, channels: Channels, options: PruneChannels, trainer: Trainer
    ) -> None:
        self._network, self._channels = network, channels
        self._options, self._trainer = options, trainer
        self.on_board = options.target in _FIGURES
        self._size = _size(options, trainer)
        self._progress(0)
        whole = self._size(network)
        self._sizes: dict[frozenset[int], float] = {frozenset(): whole}
        self.limit = _limit(options, whole)
        self._tell(0, whole)

    def cost(self, removed: frozenset[int]) -> float:
        """What it takes without these; infinite where it does not fit."""
        if removed not in self._sizes:
            thin = without_channels(self._network, self._channels, removed)
            self._sizes[removed] = self._size(thin)
            self._tell(len(removed), self._sizes[removed])
        return self._sizes[removed]

    def finish(self) -> None:
        """Fewer looks may have done than were foreseen."""
        self._progress(_BOARD_TRIALS)

    def _tell(self, removed: int, size: float) -> None:
        if not self.on_board:
            return
        self._progress(len(self._sizes))
        unit = _UNITS[self._options.target]
        reached = f"{size:,.0f} {unit}" if isfinite(size) else "does not fit the board"
        verdict = "within" if size <= self.limit else "above"
        self._trainer.say(
            f"prune_channels: trial {len(self._sizes)}, without {removed} channels: {reached};"
            f" {verdict} the limit of {self.limit:,.0f}"
        )

    def _progress(self, done: int) -> None:
        if self.on_board:
            self._trainer.progress("prune_channels: trials on the board", done, _BOARD_TRIALS)


def _limit(options: PruneChannels, whole: float) -> float:
    if options.budget is not None:
        return options.budget
    if not isfinite(whole):
        raise ConfigError(
            "prune_channels: the model does not fit the board, so that a share of what it takes is"
            " not known",
            hint=f"give the budget in {_UNITS[options.target]}: budget = ...",
        )
    return whole * (1.0 - options.ratio)


def _size(options: PruneChannels, trainer: Trainer) -> Callable[[Network], float]:
    if options.target == "macs":
        return macs
    if options.target == "parameters":
        return _parameters
    cost = trainer.cost
    if cost is None:
        raise ConfigError(f"prune_channels: target = {options.target!r} needs a board")
    return lambda network: cost(network, _FIGURES[options.target])


def _unreachable(options: PruneChannels, limit: float, whole: float, least: float) -> ConfigError:
    unit = _UNITS[options.target]
    nearest = f"{least:,.0f} {unit}" if isfinite(least) else "a model that does not fit the board"
    share = f" ({1.0 - least / whole:.1%} less)" if isfinite(least) and isfinite(whole) else ""
    return ConfigError(
        f"prune_channels: at most {limit:,.0f} {unit} cannot be met; the nearest that can is"
        f" {nearest}{share}",
        hint="ask for less, lower min_channels or multiple, or skip fewer layers",
    )


def _parameters(network: Network) -> int:
    return network.parameters


def _on_board(options: PruneChannels) -> str:
    return f"target = {options.target!r}" if options.target in _FIGURES else ""


SPEC = StageSpec(
    PruneChannels,
    summary="takes whole filters and neurons away, and the shapes with them",
    run=prune_channels,
    takes_channels=True,
    saves="flash, RAM, latency",
    precedes=dict.fromkeys(
        ("prune", "cluster", "weight_bits"),
        "taking channels away changes the share of zeros and the values that it was tuned for",
    ),
    needs_board=_on_board,
    by_core=lambda options: options.multiple is None,
)
