"""Random valid int8 graphs, each from a seed of its own, many in one file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
from kernel_cases import Array, KernelCases

from tinycompress.artifacts import ExactTo

MAX_ELEMENTS = 4096
"""Activations stay below it, so that an inference takes little time."""


@dataclass(frozen=True)
class Activation:
    """A quantised tensor of the graph that is being made."""

    index: int
    shape: tuple[int, ...]
    scale: float
    zero: int

    @property
    def elements(self) -> int:
        return prod(self.shape)


@dataclass(frozen=True)
class GraphSeed:
    """All that a graph follows from; ``steps`` operators at most."""

    seed: int
    steps: int
    exact_to: ExactTo

    def __str__(self) -> str:
        return f"seed {self.seed}, {self.steps} steps, exact to {self.exact_to}"


Emitter = Callable[["GraphMaker", Activation], "Activation | None"]
"""Adds an operator that reads an activation, or returns None if it cannot."""


class GraphMaker(KernelCases):
    """Adds random graphs to one file."""

    def __init__(self, emitters: dict[str, Emitter]) -> None:
        super().__init__(0)
        self.exact_to: ExactTo = "tflm"
        self.seeds: list[GraphSeed] = []
        self._emitters = emitters
        self._pool: list[Activation] = []
        self._used: set[int] = set()
        self.kinds: list[str] = []

    def add(self, graph: GraphSeed) -> None:
        """Add a graph; what it has does not depend on the others in the file."""
        self.rng = np.random.default_rng(graph.seed)
        self.exact_to = graph.exact_to
        self.seeds.append(graph)
        self._pool, self._used = [], set()
        self.new_input()
        names = sorted(self._emitters)
        done = tries = 0
        while done < graph.steps and tries < 20 * graph.steps:
            tries += 1
            kind = names[int(self.rng.integers(len(names)))]
            # Mostly the newest: deep graphs find more than wide ones.
            newest = self.rng.random() < 0.7
            x = self._pool[-1] if newest else self.pick(*self._pool)
            y = self._emitters[kind](self, x)
            if y is not None:
                self.kinds.append(kind)
                self._pool.append(y)
                done += 1
        self._close(graph)

    def new_input(self, shape: Sequence[int] | None = None) -> Activation:
        """Another input of the model."""
        if shape is None:
            rank = int(self.pick(4, 4, 4, 4, 3, 2, 1))
            high = 9 if rank > 2 else 40
            shape = [1 if rank > 1 else 7, *self.shape(rank - 1, high)]
            if rank == 4 and self.rng.random() < 0.1:
                shape[0] = 2
        scale, zero = self.scale(), self.zero_point()
        x = Activation(self.input(shape, scale, zero), tuple(shape), scale, zero)
        self._pool.append(x)
        return x

    def put(
        self,
        kind: str,
        inputs: Sequence[Activation | int],
        shape: Sequence[int],
        table: Any,
        *,
        scale: float,
        zero: int | None = None,
    ) -> Activation | None:
        """Add an operator with one int8 output; None if that would be too large or empty."""
        if not 0 < prod(shape) <= MAX_ELEMENTS or not 1e-9 < scale < 1e9:
            return None
        y = Activation(-1, tuple(int(n) for n in shape), float(np.float32(scale)), 0)
        y = replace(y, zero=self.zero_point() if zero is None else zero)
        y = replace(y, index=self.activation(y.shape, y.scale, y.zero))
        indices = [x.index if isinstance(x, Activation) else x for x in inputs]
        self.builder.op(kind, indices, [y.index], table)
        self._used.update(indices)
        return y

    def use(self, x: Activation) -> None:
        """Take note that an operator reads an activation."""
        self._used.add(x.index)

    def also(self, extra: Activation) -> None:
        """Take note of a further output of an operator."""
        self._pool.append(extra)

    def partner(self, fits: Callable[[Activation], bool]) -> Activation | None:
        """Another activation that fits, if there is one."""
        found = [x for x in self._pool if fits(x)]
        return self.pick(*found) if found else None

    def log_uniform(self, low: float, high: float) -> float:
        return float(np.exp(self.rng.uniform(np.log(low), np.log(high))))

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def constant_int8(self, data: Array, scale: float, zero: int) -> int:
        return self.builder.tensor(data.shape, data=data, scales=[scale], zero_points=[zero])

    def _close(self, graph: GraphSeed) -> None:
        """What nobody reads is an output, and now and then what somebody does."""
        inputs = set(self._inputs)
        for x in self._pool:
            if x.index not in inputs and (x.index not in self._used or self.chance(0.1)):
                self._outputs.append(x.index)
                self.labels.append(str(graph))
        unread = [x for x in self._pool if x.index in inputs and x.index not in self._used]
        for x in unread:
            at = self._inputs.index(x.index)
            del self._inputs[at], self._shapes[at]
