"""Method ``rl``: a small agent learns how many bits each layer's weights need.

After Elthakeb et al., ReLeQ: A Reinforcement Learning Approach for Automatic Deep Quantization of
Neural Networks, 2018. A trial is an episode: the agent goes through the layers and chooses for each
how many values its weights share (256 are 8 bits, 16 are 4, 4 are 2, 2 are 1). What it sees of a
layer is its place, and what it chose for the one before. Its reward is what the candidate saves of
flash, less what accuracy is below its limit. The policy is a network with one hidden layer, taught
by REINFORCE (Williams 1992) with the mean reward as baseline; ReLeQ's agent is recurrent and taught
by PPO. All of its state follows from the seed and the finished trials, so that a study is
repeated, and resumed, exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress.deploy.budgets import AT_LEAST, held
from tinycompress.errors import ConfigError
from tinycompress.search.compression_space import CLUSTERS, WHOLE, starting_points
from tinycompress.search.costs import Figures
from tinycompress.search.dimensions import Dimension
from tinycompress.search.goal import Goal
from tinycompress.search.methods.planned import Point, Tried

_HIDDEN = 16
_RATE = 0.3
_LEAST_SPREAD = 0.05
_ACCURACY_WEIGHT = 10.0
_NO_CANDIDATE = -2.0
_FEATURES = 4
_EXPLORED = 0.1
"""Share of choices that are made by chance, so that none is ever given up."""
Floats = npt.NDArray[np.float64]


@dataclass
class _Policy:
    """Chances of each choice for a layer, from what is seen of it."""

    inputs: Floats
    outputs: Floats

    @staticmethod
    def new(choices: int, seed: int) -> _Policy:
        draw = np.random.default_rng(seed)
        hidden = draw.normal(0, 0.5, (_FEATURES, _HIDDEN))
        return _Policy(hidden, np.zeros((_HIDDEN, choices)))

    def chances(self, seen: Floats) -> Floats:
        scores = np.tanh(seen @ self.inputs) @ self.outputs
        raised = np.exp(scores - scores.max())
        found: Floats = raised / raised.sum()
        return found

    def learn(self, episode: Sequence[tuple[Floats, int]], advantage: float) -> None:
        """One step of REINFORCE: what was chosen becomes more likely if it was better."""
        d_inputs, d_outputs = np.zeros_like(self.inputs), np.zeros_like(self.outputs)
        for seen, action in episode:
            hidden = np.tanh(seen @ self.inputs)
            error = -self.chances(seen)
            error[action] += 1.0
            d_outputs += np.outer(hidden, error)
            d_inputs += np.outer(seen, (self.outputs @ error) * (1.0 - hidden**2))
        step = _RATE * advantage / max(len(episode), 1)
        self.inputs += step * d_inputs
        self.outputs += step * d_outputs


@dataclass(frozen=True)
class BitsAgent:
    """The plan.

    Attributes:
        dimensions: The space; its clusters are what the agent chooses.
        goal: What the search is for.
        seed: Of the agent.
        original_flash: Bytes of flash of the model as it is.
    """

    dimensions: tuple[Dimension, ...]
    goal: Goal
    seed: int
    original_flash: float
    _layers: tuple[Dimension, ...] = field(init=False)

    def __post_init__(self) -> None:
        layers = tuple(one for one in self.dimensions if one.name.startswith(CLUSTERS))
        if not layers:
            raise ConfigError(
                "the method rl chooses bits of weights, and no layer of this space has a choice",
                hint="bits save flash: say --flash or --minimize flash",
            )
        object.__setattr__(self, "_layers", layers)

    def __call__(self, history: Sequence[Tried]) -> Point | None:
        """What comes next."""
        policy = _Policy.new(max(len(one.choices) for one in self._layers), self.seed)
        rewards: list[float] = []
        for one in history:
            reward = self.reward(one.figures)
            if rewards:
                spread = max(float(np.std(rewards)), _LEAST_SPREAD)
                advantage = (reward - float(np.mean(rewards))) / spread
                policy.learn(self._episode(one.point), float(np.clip(advantage, -2.0, 2.0)))
            rewards.append(reward)
        point = dict(starting_points(self.dimensions)[0])
        if not history:
            return point
        draw = np.random.default_rng((self.seed, len(history)))
        before = WHOLE
        for number, layer in enumerate(self._layers):
            chances = policy.chances(self._seen(number, before))[: len(layer.choices)]
            chances = chances / chances.sum()
            chances = (1 - _EXPLORED) * chances + _EXPLORED / len(chances)
            point[layer.name] = layer.choices[int(draw.choice(len(chances), p=chances))]
            before = int(point[layer.name])
        return point

    def reward(self, figures: Figures) -> float:
        """What a candidate is worth: the share of flash that it saves, less what accuracy lacks."""
        flash = figures.get("flash_bytes")
        if flash is None:
            return _NO_CANDIDATE
        saved = 1.0 - flash / self.original_flash
        excess = self.goal.budgets.excess(figures)
        over = sum(max(x, 0.0) for name, x in excess.items() if name != AT_LEAST)
        if AT_LEAST not in figures:
            # Not trained, since it is above the budget.
            return saved - 1.0 - over
        return saved - _ACCURACY_WEIGHT * self.goal.shortfall(held(AT_LEAST, figures)) - over

    def _episode(self, point: Point) -> list[tuple[Floats, int]]:
        found, before = [], WHOLE
        for number, layer in enumerate(self._layers):
            chosen = point[layer.name]
            found.append((self._seen(number, before), layer.choices.index(chosen)))
            before = int(chosen)
        return found

    def _seen(self, number: int, before: int) -> Floats:
        """Its place, the first, the last, and the bits of the layer before."""
        last = max(len(self._layers) - 1, 1)
        seen: list[Any] = [number / last, number == 0, number == last, np.log2(before) / 8]
        return np.array(seen, np.float64)
