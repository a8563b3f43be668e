"""Let unrolled time steps of a recurrent layer run as a loop: code and parameters once.

The operators of the last step stay, with the state that they take over as a tensor of its own and
their row of the sequence taken by a counter (``ops.recurrent.steps``). They are the same operators
on the same values, so that every byte is what it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from tinycompress.codegen.layer import TIMES
from tinycompress.codegen.ops import is_view
from tinycompress.codegen.ops.recurrent.steps import (
    BEGIN,
    COUNT,
    END,
    FIRST,
    JOIN,
    KEEP,
    ROW,
    STATE,
    STRIDE,
)
from tinycompress.codegen.rewrite import with_options
from tinycompress.ir.graph import DType, Graph, Op, OptionValue, Tensor
from tinycompress.ir.steps import Place, Row, Steps, find_steps

_IN_ORDER = frozenset({"READ_VARIABLE", "ASSIGN_VARIABLE", "CUSTOM"})
"""Kinds that read or change something beside their tensors: they may not run in another order."""


def roll_steps(graph: Graph) -> Graph:
    """The graph with every layer of equal steps as a loop."""
    if any(op.kind in _IN_ORDER for op in graph.ops):
        return graph
    while True:
        found = next((each for each in find_steps(graph) if _can_roll(graph, each)), None)
        if found is None:
            return graph
        graph = _Rolling(graph, found).rolled()


def _can_roll(graph: Graph, steps: Steps) -> bool:
    """Whether rows are runs of bytes, and each state is computed, not another one renamed."""
    one_sequence = all(graph.tensors[row.sequence].shape[0] == 1 for row in steps.rows.values())
    return one_sequence and not any(
        is_view(graph.ops[steps.ops[-1][number]]) for number, _ in steps.carried
    )


@dataclass
class _Rolling:
    """One layer on its way into a loop."""

    graph: Graph
    steps: Steps
    tensors: list[Tensor] = field(init=False)
    states: dict[Place, int] = field(init=False)

    def __post_init__(self) -> None:
        self.tensors = list(self.graph.tensors)
        self.counter = self._new(Tensor(0, f"{self.steps.name}/step", (1,), DType.INT32))
        self.states = {
            place: self._new(
                replace(self._of(0, place), name=f"{self._of(0, place).name.split(';')[0]}/state")
            )
            for place in self.steps.carried
        }
        self._index = max(op.index for op in self.graph.ops)

    def rolled(self) -> Graph:
        """The graph with the loop."""
        before, behind = self._around()
        ops = (*before, *self._start(), *self._step(), *behind)
        return replace(self.graph, tensors=tuple(self.tensors), ops=ops)

    def _of(self, step: int, place: Place) -> Tensor:
        return self.graph.tensors[self.steps.tensor(self.graph, step, place)]

    def _new(self, tensor: Tensor) -> int:
        self.tensors.append(replace(tensor, index=len(self.tensors)))
        return len(self.tensors) - 1

    def _op(
        self,
        kind: str,
        inputs: Iterable[int],
        outputs: Iterable[int],
        options: Mapping[str, OptionValue] | None = None,
    ) -> Op:
        self._index += 1
        return Op(
            self._index, kind, tuple(inputs), tuple(outputs), MappingProxyType(dict(options or {}))
        )

    def _around(self) -> tuple[list[Op], list[Op]]:
        """All other operators: those that the loop may need, and those that need it."""
        own = {at for positions in self.steps.ops for at in positions}
        joins = set(self.steps.joined.values())
        made = {i for at in own | joins for i in self.graph.ops[at].outputs}
        before, behind = [], []
        for at, op in enumerate(self.graph.ops):
            if at in own | joins:
                continue
            if made.intersection(op.inputs):
                made.update(op.outputs)
                behind.append(op)
            else:
                before.append(op)
        return before, behind

    def _start(self) -> Iterator[Op]:
        for place, first in self.steps.carried.items():
            yield self._op(STATE, [first], [self.states[place]])
        yield self._op(BEGIN, [], [self.counter, *self._sequences()], {COUNT: len(self.steps.ops)})

    def _sequences(self) -> list[int]:
        return [self.graph.ops[at].outputs[0] for at in self.steps.joined.values()]

    def _step(self) -> Iterator[Op]:
        """The operators of a step, and what is around them in the loop."""
        last, graph = len(self.steps.ops) - 1, self.graph
        body = [*self._rows_and_operators()]
        for place, at in self.steps.joined.items():
            result = self.steps.tensor(graph, last, place)
            body.append(self._op(JOIN, [result, self.counter, graph.ops[at].outputs[0]], []))
        for place, state in self.states.items():
            body.append(self._op(KEEP, [self.steps.tensor(graph, last, place), state], []))
        made = {index for op in body for index in op.outputs}
        read = dict.fromkeys(index for op in body for index in op.inputs if index >= 0)
        kept = [
            index for index in (*read, *self.states.values(), *self._sequences())
            if index not in made and self.tensors[index].data is None and index != self.counter
        ]  # fmt: skip
        body.append(self._op(END, [self.counter, *dict.fromkeys(kept)], []))
        for op in body:
            yield with_options(op, **{TIMES: len(self.steps.ops)})

    def _rows_and_operators(self) -> Iterator[Op]:
        """The last step's operators, on the state and on rows that the counter tells."""
        taken: dict[Row, int] = {}
        before = {self._of(len(self.steps.ops) - 2, place).index: place for place in self.states}
        for number, at in enumerate(self.steps.ops[-1]):
            op = self.graph.ops[at]
            inputs = []
            for position, index in enumerate(op.inputs):
                row = self.steps.rows.get((number, position))
                if row is not None and row not in taken:
                    # What is cut for this step is cut by the counter.
                    taken[row] = self._new(self.graph.tensors[index])
                    options = {FIRST: row.first, STRIDE: row.stride}
                    yield self._op(ROW, [row.sequence, self.counter], [taken[row]], options)
                if row is not None:
                    inputs.append(taken[row])
                elif index in before:
                    inputs.append(self.states[before[index]])
                else:
                    inputs.append(index)
            yield replace(op, inputs=tuple(inputs))
