"""Random valid int8 graphs, each from a seed of its own, many in one file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from support.cases.kernels import Array, KernelCases, options
from tinycompress.artifacts import ExactTo

MAX_ELEMENTS = 4096
"""Activations stay below it, so that an inference takes little time."""

PLANTED = 0.5
"""Share of graphs in which channels are planted that never change, or that nothing reads."""

ENCODED = 0.4
"""Share of graphs in which layers are drawn more often whose weights are worth an encoding."""
OF_FEW_VALUES = "of few values"
"""How the names of their emitters end."""

ACTIVATIONS = ("NONE", "NONE", "RELU", "RELU6", "RELU_N1_TO_1")


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
    """All that a graph follows from; ``steps`` operators at most.

    ``variant`` chooses how code is generated for the graph, and whether it may keep state.
    """

    seed: int
    steps: int
    exact_to: ExactTo
    variant: int = 0

    def __str__(self) -> str:
        return (
            f"seed {self.seed}, {self.steps} steps, variant {self.variant},"
            f" exact to {self.exact_to}"
        )


Found = Activation | None
Operands = list[Activation | int]
Emitter = Callable[["GraphMaker", Activation], Found]
"""Adds an operator that reads an activation, or returns None if it cannot.

One that writes an output of the model, which nothing can follow, returns what it read.
"""


@dataclass(frozen=True)
class Variable:
    """A resource variable and the bytes that it holds at first."""

    name: str
    first: Array
    scale: float
    zero: int


class GraphMaker(KernelCases):
    """Adds random graphs to one file."""

    def __init__(self, emitters: dict[str, Emitter]) -> None:
        super().__init__(0)
        self.exact_to: ExactTo = "tflm"
        self.kinds: list[str] = []
        self._emitters = emitters
        self._pool: list[Activation] = []
        self._used: set[int] = set()
        self._ends: list[int] = []
        self._variables: list[Variable] = []
        self._limits: dict[int, Array] = {}
        self._plants: np.random.Generator | None = None

    def add(self, graph: GraphSeed, emitters: dict[str, Emitter] | None = None) -> None:
        """Add a graph, of some emitters or of all; the others in the file have no part in it."""
        chosen = self._emitters if emitters is None else emitters
        self.rng = np.random.default_rng(graph.seed)
        self.exact_to = graph.exact_to
        # Numbers of their own: a graph is otherwise the same with and without dead channels.
        plants = np.random.default_rng([graph.seed, 1])
        self._plants = plants if plants.random() < PLANTED else None
        few = np.random.default_rng([graph.seed, 2])
        self._pool, self._used, self._ends = [], set(), []
        self.new_input()
        names = sorted(chosen)
        encoded = [name for name in names if name.endswith(OF_FEW_VALUES)]
        wanted = 0.5 if encoded and few.random() < ENCODED else 0.0
        done = tries = 0
        while done < graph.steps and tries < 20 * graph.steps:
            tries += 1
            kind = names[int(self.rng.integers(len(names)))]
            if few.random() < wanted:
                kind = encoded[int(few.integers(len(encoded)))]
            # Mostly the newest: deep graphs find more than wide ones.
            newest = self.rng.random() < 0.7
            x = self._pool[-1] if newest else self.pick(*self._pool)
            y = chosen[kind](self, x)
            if y is not None:
                self.kinds.append(kind)
                if y not in self._pool:
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

    def index_input(self, shape: Sequence[int], limits: Sequence[int]) -> int:
        """An input of the model with integers from 0 up to a limit, one for all or for each of the
        last dimension; int32, or int64 where the runtime takes it.
        """
        dtype = "int64" if self.exact_to == "litert" and self.chance(0.5) else "int32"
        index = self.plain_input(shape, dtype)
        self._limits[index] = np.array(limits, dtype)
        return index

    def put(
        self,
        kind: str,
        inputs: Sequence[Activation | int],
        shape: Sequence[int],
        table: Any,
        *,
        scale: float,
        zero: int | None = None,
    ) -> Found:
        """Add an operator with one int8 output; None if that would be too large or empty."""
        if not self.fits(shape) or not 1e-9 < scale < 1e9:
            return None
        y = Activation(-1, tuple(int(n) for n in shape), float(np.float32(scale)), 0)
        y = replace(y, zero=self.zero_point() if zero is None else zero)
        y = replace(y, index=self.activation(y.shape, y.scale, y.zero))
        self._add(kind, inputs, [y.index], table)
        return y

    def fits(self, shape: Sequence[int]) -> bool:
        """Whether a tensor is neither empty nor too large."""
        return 0 < prod(shape) <= MAX_ELEMENTS

    def link(
        self, kind: str, inputs: Sequence[Activation | int], shape: Sequence[int], dtype: str,
        table: Any,
    ) -> int:  # fmt: skip
        """Add an operator whose output is not quantised, and has to be read or to be an `end`."""
        index = self.builder.tensor(shape, dtype)
        self._add(kind, inputs, [index], table)
        return index

    def end(self, index: int) -> None:
        """Make a tensor of any type an output of the model."""
        self._ends.append(index)

    def _add(
        self, kind: str, inputs: Sequence[Activation | int], outputs: list[int], table: Any
    ) -> None:
        indices = [x.index if isinstance(x, Activation) else x for x in inputs]
        self.builder.op(kind, indices, outputs, table)
        self._used.update(indices)

    def parts(
        self, kind: str, inputs: Sequence[Activation | int], shapes: Sequence[Sequence[int]],
        table: Any, x: Activation,
    ) -> Found:  # fmt: skip
        """Add an operator with several outputs, all quantised as ``x``; returns the first."""
        outputs = [
            Activation(self.activation(s, x.scale, x.zero), tuple(s), x.scale, x.zero)
            for s in shapes
        ]
        self._add(kind, inputs, [y.index for y in outputs], table)
        self._pool += outputs[1:]
        return outputs[0]

    def variable(self, shape: Sequence[int], scale: float, zero: int) -> int:
        """A new resource variable with random first values; the tensor that holds its handle."""
        data = self.rng.integers(-128, 128, shape).astype(np.int8)
        name = f"v{len(self._variables)}"
        self._variables.append(Variable(name, data, scale, zero))
        return self._handle(name)

    def assign(self, handle: int, value: Activation) -> None:
        """Add ASSIGN_VARIABLE."""
        self._add("ASSIGN_VARIABLE", [handle, value], [], options("AssignVariable"))

    def read(self, handle: int, like: Activation) -> Activation:
        """Add READ_VARIABLE; the value has a shape and quantisation as ``like``."""
        index = self.activation(like.shape, like.scale, like.zero)
        self._add("READ_VARIABLE", [handle], [index], options("ReadVariable"))
        return replace(like, index=index)

    def _handle(self, name: str) -> int:
        handle = self.builder.tensor([], "RESOURCE")
        table = schema.VarHandleOptionsT()
        table.container, table.sharedName = "", name
        self.builder.op("VAR_HANDLE", [], [handle], table)
        return handle

    def use(self, x: Activation) -> None:
        """Take note that an operator reads an activation."""
        self._used.add(x.index)

    def partner(self, fits: Callable[[Activation], bool]) -> Found:
        """Another activation that fits, if there is one."""
        found = [x for x in self._pool if fits(x)]
        return self.pick(*found) if found else None

    def log_uniform(self, low: float, high: float) -> float:
        return float(np.exp(self.rng.uniform(np.log(low), np.log(high))))

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def constant_int8(self, data: Array, scale: float, zero: int) -> int:
        return self.builder.tensor(data.shape, data=data, scales=[scale], zero_points=[zero])

    def plant_dead_channels(self, weights: int, bias: int, axis: int) -> None:
        """Let some outputs of a sum of products never change, and some of its inputs not matter.

        Args:
            weights: A constant tensor.
            bias: Its bias, one value per output.
            axis: Dimension of the weights that is the outputs; 0 if the last one is the inputs.
        """
        rng = self._plants
        if rng is None:
            return
        values = np.moveaxis(self.builder.constant(weights), axis, 0)
        offsets = self.builder.constant(bias)
        dead = rng.random(len(offsets)) < rng.choice([0.3, 0.8])
        # Without weights any value, with them one that every sum is clamped to.
        empty = dead & (rng.random(len(offsets)) < 0.7)
        values[empty] = 0
        offsets[empty] = rng.integers(-3000, 3001, len(offsets))[empty] * (rng.random() < 0.5)
        offsets[dead & ~empty] = rng.choice([-(2**28), 2**28])
        if axis == 0:
            values[..., rng.random(values.shape[-1]) < rng.choice([0.0, 0.4])] = 0
        self.builder.set_constant(weights, np.moveaxis(values, 0, axis))
        self.builder.set_constant(bias, offsets)

    def samples(self, count: int) -> list[tuple[Array, ...]]:
        """As those of single operators, but indices are within what they choose from."""
        limits = [self._limits.get(index) for index in self._inputs]
        return [
            tuple(
                array if limit is None else (np.abs(array) % limit).reshape(array.shape)
                for array, limit in zip(sample, limits, strict=True)
            )
            for sample in super().samples(count)
        ]

    def tflite(self) -> bytes:
        """The file; no graph can be added any more."""
        if self._variables and len(self.builder.model.subgraphs) == 1:
            self._set_variables_once()
        return super().tflite()

    def _set_variables_once(self) -> None:
        """Put CALL_ONCE before everything, and what it calls into a subgraph of its own."""
        table = schema.CallOnceOptionsT()
        table.initSubgraphIndex = 1
        self.builder.op("CALL_ONCE", [], [], table)
        ops = self.builder.graph.operators
        ops.insert(0, ops.pop())
        self.builder.new_subgraph()
        for variable in self._variables:
            value = self.constant_int8(variable.first, variable.scale, variable.zero)
            operands = [self._handle(variable.name), value]
            self.builder.op("ASSIGN_VARIABLE", operands, [], options("AssignVariable"))

    def _close(self, graph: GraphSeed) -> None:
        """What nobody reads is an output, and now and then what somebody does."""
        inputs = set(self._inputs)
        kept = [
            x.index
            for x in self._pool
            if x.index not in inputs and (x.index not in self._used or self.chance(0.1))
        ]
        self._outputs += [*kept, *self._ends]
        self.labels += [str(graph)] * len([*kept, *self._ends])
        for x in self._pool:
            if x.index in inputs and x.index not in self._used:
                at = self._inputs.index(x.index)
                del self._inputs[at], self._shapes[at], self._dtypes[at]
