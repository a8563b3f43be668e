"""Pruning by a score for every weight: any criterion, in rounds, with rewinding or without.

With rewinding the weights that stay go back to what they were when the stage began, and are trained
from there: lottery tickets (Frankle and Carbin, The Lottery Ticket Hypothesis, 2019), which at the
size of today's networks are found from early weights and not from the first ones (Frankle et al.,
Linear Mode Connectivity and the Lottery Ticket Hypothesis, 2020). Or the weights stay as they are,
and the learning rate alone goes back and falls once more (Renda et al., Comparing Rewinding and
Fine-tuning in Neural Network Pruning, 2020).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tinycompress.compression.checks.promises import masked
from tinycompress.compression.criteria.base import Criterion, Scores
from tinycompress.compression.network.kernels import kernel_of, with_kernel
from tinycompress.compression.network.network import Array, Network
from tinycompress.compression.stages.masks import magnitude_mask
from tinycompress.compression.training.fine_tune import train_network
from tinycompress.compression.training.options import Distill, FineTune
from tinycompress.compression.training.trainer import Trainer

_ABOVE_ZERO = 1e-6

Rewind = Literal["weights", "learning_rate", "nothing"]

Targets = Callable[[Mapping[str, Array], float], dict[str, float]]
"""Share of zeros by layer name, of scores from 0 up and the part of the way that is gone."""


@dataclass(frozen=True)
class Scoring:
    """How a network is pruned.

    Attributes:
        criterion: Scores its weights.
        samples: How much data that takes.
        rounds: How often, with rising targets.
        rewind: What goes back to the start after each round, behind a training that comes first.
    """

    criterion: Criterion
    samples: int
    rounds: int
    rewind: Rewind


def pruned_by_scores(
    network: Network,
    names: tuple[str, ...],
    targets: Targets,
    scoring: Scoring,
    trainer: Trainer,
    fine_tune: FineTune,
    distill: Distill | None,
) -> Network:
    """Score, mask and train a network, round by round.

    Without rewinding a round scores the network as it is and trains what is left. With rewinding a
    round trains first, scores, and goes back; the last training follows the last round. Every
    training begins with the learning rate that ``fine_tune`` says, and lets it fall as that says.

    Args:
        network: The network; weights that are zero stay zero.
        names: Layers to prune.
        targets: How many zeros each layer is to have.
        scoring: By what, how often.
        trainer: Data and teacher.
        fine_tune: How each round trains.
        distill: How the teacher takes part.

    Returns:
        The trained network with its zeros.
    """

    def trained(now: Network, label: str) -> Network:
        masks = {name: masked(kernel_of(now.layers[name]) != 0) for name in names}
        return train_network(now, trainer, fine_tune, distill, masks, label=label)

    early, rewinds = network, scoring.rewind != "nothing"
    for number in range(1, scoring.rounds + 1):
        label = f"prune round {number}"
        if rewinds:
            network = trained(network, f"{label}, before rewinding")
        scores = scoring.criterion(network, names, trainer, scoring.samples)
        from_zero = scores_from_zero(network, scores)
        wanted = targets(from_zero, number / scoring.rounds)
        masks = {name: magnitude_mask(from_zero[name], wanted[name]) for name in names}
        network = with_masks(early if scoring.rewind == "weights" else network, masks)
        if not rewinds:
            network = trained(network, label)
    return trained(network, "prune, from the start") if rewinds else network


def scores_from_zero(network: Network, scores: Scores) -> dict[str, Array]:
    """The scores in the same order, from 0 up: zero for weights that are zero, and only for them.

    All layers are moved and scaled alike, so that they can be ranked together.
    """
    kernels = {name: kernel_of(network.layers[name]) for name in scores}
    free = [scores[name][kernel != 0] for name, kernel in kernels.items()]
    every = np.concatenate(free)
    low, high = (float(every.min()), float(every.max())) if every.size else (0.0, 1.0)
    span = high - low or 1.0
    return {
        name: np.where(kernel != 0, (scores[name] - low) / span + _ABOVE_ZERO, 0.0)
        for name, kernel in kernels.items()
    }


def with_masks(network: Network, masks: Mapping[str, Array]) -> Network:
    """The network without the weights that masks leave out."""
    return network.with_layers(
        with_kernel(network.layers[name], kernel_of(network.layers[name]) * mask)
        for name, mask in masks.items()
    )
