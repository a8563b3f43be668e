"""The criteria for single weights that there are, by the names that recipes know them by.

Sources: magnitude (Han et al. 2015), SNIP (Lee et al. 2019), movement (Sanh et al. 2020); random
is what the others are to be held against (Frankle and Carbin 2019).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import numpy as np

from tinycompress.compression.criteria import gradients
from tinycompress.compression.criteria.base import Criterion, Scores
from tinycompress.compression.network.kernels import kernel_of
from tinycompress.compression.network.network import Network
from tinycompress.compression.training.trainer import Trainer

WeightCriterion = Literal["magnitude", "snip", "movement", "random"]


def magnitude(network: Network, names: tuple[str, ...], trainer: Trainer, samples: int) -> Scores:
    """|w|."""
    return {name: np.abs(kernel_of(network.layers[name]).astype(np.float64)) for name in names}


def random(network: Network, names: tuple[str, ...], trainer: Trainer, samples: int) -> Scores:
    """Numbers from 0 to 1 by the trainer's seed."""
    generator = np.random.default_rng(trainer.seed)
    return {name: generator.random(kernel_of(network.layers[name]).shape) for name in names}


WEIGHTS: Mapping[WeightCriterion, Criterion] = MappingProxyType(
    {
        "magnitude": magnitude,
        "snip": gradients.snip,
        "movement": gradients.movement,
        "random": random,
    }
)
