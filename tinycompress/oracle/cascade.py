"""A cascade on the runtimes: each stage by itself, and the gates in plain integers here."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from tinycompress.artifacts import ExactTo, TensorSpec
from tinycompress.ir.cascade.stages import Gate, Stage
from tinycompress.ir.graph import Model
from tinycompress.ir.reader import read_model
from tinycompress.ir.specs import input_specs, output_specs
from tinycompress.oracle.oracle import Oracle

Array = npt.NDArray[Any]


class AnyOracle(Protocol):
    """What runs a model file, be it one model or a cascade.

    ``inputs`` and ``outputs`` are the file's; a cascade gives one array more than outputs.
    """

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]

    def run(self, *inputs: Array) -> tuple[Array, ...]:
        """One inference from the initial state."""

    def step(self, *inputs: Array) -> tuple[Array, ...]:
        """One from the state that the one before left."""

    def close(self) -> None:
        """Give the processes back."""


def open_oracle(tflite: bytes, exact_to: ExactTo) -> AnyOracle:
    """The oracle of a model file.

    Raises:
        ModelError: The file is damaged, or the runtime does not run it.
    """
    model = read_model(tflite)
    return CascadeOracle(tflite, model, exact_to) if model.stages else Oracle(tflite, exact_to)


class CascadeOracle:
    """The stages of a cascade, each on a runtime of its own.

    Its outputs are those of all stages, and behind them a uint8 array of the shape
    ``(1, stages)``: 1 where a stage ran.

    Args:
        tflite: The whole file.
        model: What the reader made of it.
        exact_to: Which runtime.

    Raises:
        ModelError: The runtime does not run a stage.
    """

    def __init__(self, tflite: bytes, model: Model, exact_to: ExactTo) -> None:
        # Who runs a single model need not load what rewrites files.
        from tinycompress.ir.cascade.files import stage_file

        self._stages = model.stages
        self.inputs = input_specs(model.main)
        self.outputs = output_specs(model.main)
        self._oracles: list[Oracle] = []
        try:
            for stage in model.stages:
                self._oracles.append(Oracle(stage_file(tflite, stage), exact_to))
        except BaseException:
            self.close()
            raise
        self._reset()

    def run(self, *inputs: Array) -> tuple[Array, ...]:
        """One inference from the initial state of stages and gates."""
        self._reset()
        return self.step(*inputs)

    def step(self, *inputs: Array) -> tuple[Array, ...]:
        """As `run`, but from the state that the one before left."""
        outputs: list[Array] = []
        ran = np.zeros((1, len(self._stages)), np.uint8)
        for number, stage in enumerate(self._stages):
            if self._is_open(stage, inputs, outputs, ran[0]):
                ran[0, number] = 1
                outputs += self._answers(number, stage, inputs)
            else:
                outputs += self._without(number, stage)
        return (*outputs, ran)

    def close(self) -> None:
        """Give the processes back."""
        for oracle in self._oracles:
            oracle.close()

    def _reset(self) -> None:
        self._seen: dict[str, Array] = {}
        self._last: dict[int, list[Array]] = {}
        self._fresh = [True] * len(self._stages)

    def _is_open(
        self, stage: Stage, inputs: tuple[Array, ...], outputs: list[Array], ran: Array
    ) -> bool:
        gate = stage.gate
        if gate is None:
            return True
        if gate.kind == "change":
            seen = self._seen.get(stage.name)
            return seen is None or _changed(gate, inputs[gate.port], seen)
        source = next(i for i, one in enumerate(self._stages) if gate.port in one.outputs)
        return bool(ran[source]) and _told(gate, outputs[gate.port])

    def _answers(self, number: int, stage: Stage, inputs: tuple[Array, ...]) -> list[Array]:
        if stage.gate is not None and stage.gate.kind == "change":
            self._seen[stage.name] = inputs[stage.gate.port].copy()
        oracle = self._oracles[number]
        infer = oracle.run if self._fresh[number] else oracle.step
        self._fresh[number] = False
        found = list(infer(*(inputs[port] for port in stage.inputs)))
        self._last[number] = found
        return found

    def _without(self, number: int, stage: Stage) -> list[Array]:
        if stage.otherwise == "last" and number in self._last:
            return self._last[number]
        specs = [self.outputs[port] for port in stage.outputs]
        zeros = [_zero(spec) for spec in specs]
        if isinstance(stage.otherwise, int):
            limits = np.iinfo(specs[0].dtype)
            zeros[0].fill(limits.min)
            zeros[0].reshape(-1)[stage.otherwise] = limits.max
        return zeros


def _zero(spec: TensorSpec) -> Array:
    """A tensor of the real value 0."""
    zero = spec.zero_point if spec.dtype in ("int8", "uint8") else 0
    return np.full(spec.shape, zero, spec.dtype)


def _changed(gate: Gate, now: Array, before: Array) -> bool:
    return int(np.abs(now.astype(np.int64) - before).sum()) >= gate.limit


def _told(gate: Gate, scores: Array) -> bool:
    flat = scores.reshape(-1).astype(np.int64)
    if gate.kind == "unsure":
        return bool(flat.max() < gate.limit)
    return bool((flat[list(gate.classes)] >= gate.limit).any())
