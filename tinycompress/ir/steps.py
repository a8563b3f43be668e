"""Time steps of a recurrent layer in a file that has unrolled it: equal operators, one by one.

Names only propose: the converter's file keeps the scopes ``steps/step_0``, ``steps/step_1``, ... in
which each step was traced. That every step computes the same is then proved operator by operator:
equal kinds, options and constants, equal types and scales of results, and operands that come from
the same place. What differs from step to step must be one of three things: the row of a sequence
that a step takes, what it takes over from the step before, and where its results go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tinycompress.ir.graph import Graph, Op, Tensor

STEPS_SCOPE = "steps"
"""Scope of all steps of a layer; TensorFlow numbers further ones."""
INITIAL_SCOPE = "initial_"
"""How the names of first states begin, in that scope."""
_STEP = re.compile(r"(?:^|;)((?:[^;]*/)?" + STEPS_SCOPE + r"(?:_\d+)?)/step_(\d+)/")
_FIRST_STATE = re.compile(r"(?:^|/)" + STEPS_SCOPE + r"(?:_\d+)?/" + INITIAL_SCOPE + r"\d+$")
_ROW_KIND = "STRIDED_SLICE"
_JOINS = ("PACK", "CONCATENATION")
_TIME = 1
"""The dimension of time steps in a sequence."""

Place = tuple[int, int]
"""A result in a step: number of the operator in the step, and of its output."""


def is_first_state(name: str) -> bool:
    """Whether a name is that of the first state of a layer's steps."""
    return _FIRST_STATE.search(name) is not None


def step_scope(step: int) -> str:
    """The scope of one step, in `STEPS_SCOPE`."""
    return f"step_{step}"


@dataclass(frozen=True)
class Row:
    """A step's row of a sequence: ``first + step * stride``."""

    sequence: int
    first: int
    stride: int


@dataclass(frozen=True)
class Steps:
    """The steps of one recurrent layer.

    Attributes:
        name: Scope of the steps, which begins with the layer's.
        ops: By step, positions of its operators in ``Graph.ops``; equally many for each.
        rows: By operand of a step, its operator's number and its place, which row it is.
        carried: By result of a step that the next one takes over, the tensor in its place in the
            first step.
        joined: By result that is joined over all steps, the position of the operator that does it.
        last: Results of the last step that others read.
    """

    name: str
    ops: tuple[tuple[int, ...], ...]
    rows: Mapping[Place, Row] = field(default_factory=dict)
    carried: Mapping[Place, int] = field(default_factory=dict)
    joined: Mapping[Place, int] = field(default_factory=dict)
    last: tuple[Place, ...] = ()

    def tensor(self, graph: Graph, step: int, place: Place) -> int:
        """Index of the tensor of a result in a step."""
        return graph.ops[self.ops[step][place[0]]].outputs[place[1]]


def find_steps(graph: Graph) -> tuple[Steps, ...]:
    """All layers whose steps are equal, of at least two steps each."""
    found = []
    for name, named in _named(graph).items():
        ops = _in_one_order(named)
        steps = None if ops is None else _Comparison(graph, name, ops).steps()
        if steps is not None:
            found.append(steps)
    return tuple(found)


def _named(graph: Graph) -> dict[str, dict[int, dict[str, int]]]:
    """Positions of operators by the scope of their steps, by step, and by their name in it."""
    found: dict[str, dict[int, dict[str, int]]] = {}
    for at, op in enumerate(graph.ops):
        named = _STEP.search(graph.tensors[op.outputs[0]].name) if op.outputs else None
        if named is not None and op.kind not in _JOINS and _row_of(graph, op) is None:
            inside = graph.tensors[op.outputs[0]].name.replace(named[0], "/")
            found.setdefault(named[1], {}).setdefault(int(named[2]), {})[inside] = at
    return found


def _in_one_order(named: Mapping[int, Mapping[str, int]]) -> tuple[tuple[int, ...], ...] | None:
    """The operators of every step in the order of the second one; None if some step has others."""
    if len(named) < 2 or sorted(named) != list(range(len(named))):
        return None
    order = sorted(named[1], key=named[1].__getitem__)
    if any(each.keys() != named[1].keys() for each in named.values()):
        return None
    return tuple(tuple(named[step][name] for name in order) for step in range(len(named)))


class _Comparison:
    """Compares every step with the second one, which takes over what the first one left."""

    def __init__(self, graph: Graph, name: str, ops: tuple[tuple[int, ...], ...]) -> None:
        self._graph = graph
        self._name = name
        self._ops = ops
        self._places = {
            index: (step, (number, output))
            for step, positions in enumerate(self._ops)
            for number, at in enumerate(positions)
            for output, index in enumerate(graph.ops[at].outputs)
        }
        self._cuts = {
            op.outputs[0]: row for op in graph.ops if (row := _row_of(graph, op)) is not None
        }
        self._rows: dict[Place, Row] = {}
        self._carried: dict[Place, int] = {}

    def steps(self) -> Steps | None:
        """What was found; None where steps differ."""
        numbers = range(len(self._ops[0]))
        if not all(self._same(number) for number in numbers):
            return None
        if not all(map(self._fits, self._carried)):
            return None
        uses = self._uses()
        if uses is None:
            return None
        joined, last = uses
        return Steps(self._name, self._ops, self._rows, self._carried, joined, last)

    def _op(self, step: int, number: int) -> Op:
        return self._graph.ops[self._ops[step][number]]

    def _same(self, number: int) -> bool:
        """Whether an operator of the steps is the same in all."""
        model = self._op(1, number)
        ops = [self._op(step, number) for step in range(len(self._ops))]
        if not all(self._is_alike(op, model) for op in ops):
            return False
        for at, operands in enumerate(zip(*(op.inputs for op in ops), strict=True)):
            row = self._row(operands)
            if row is not None:
                self._rows[number, at] = row
            elif not all(
                self._same_operand(step, mine, operands[1]) for step, mine in enumerate(operands)
            ):
                return False
        return True

    def _is_alike(self, op: Op, model: Op) -> bool:
        known = (op.kind, op.custom_code, op.custom_options, dict(op.options), len(op.inputs))
        if known != (
            model.kind, model.custom_code, model.custom_options, dict(model.options),
            len(model.inputs),
        ):  # fmt: skip
            return False
        tensors = self._graph.tensors
        return len(op.outputs) == len(model.outputs) and all(
            _is_like(tensors[a], tensors[b]) for a, b in zip(op.outputs, model.outputs, strict=True)
        )

    def _same_operand(self, step: int, mine: int, its: int) -> bool:
        if min(mine, its) < 0:
            return mine == its
        made = self._places.get(its)
        if made is None:  # from outside: the same tensor, or an equal constant
            return mine not in self._places and self._is_equal(mine, its)
        maker, place = made
        if maker == 1:
            return self._places.get(mine) == (step, place)
        if maker != 0:
            return False
        if step > 0:
            return self._places.get(mine) == (step - 1, place)
        if mine in self._places:
            return False
        first = self._carried.setdefault(place, mine)
        return self._is_equal(first, mine)

    def _is_equal(self, one: int, other: int) -> bool:
        if one == other:
            return True
        a, b = self._graph.tensors[one], self._graph.tensors[other]
        if a.data is None or b.data is None:
            return False
        return _is_like(a, b) and np.array_equal(a.data, b.data)

    def _fits(self, place: Place) -> bool:
        """Whether the first state is a tensor like that which takes its place later."""
        first = self._graph.tensors[self._carried[place]]
        later = self._graph.tensors[self._op(0, place[0]).outputs[place[1]]]
        return _is_like(first, later)

    def _row(self, operands: Sequence[int]) -> Row | None:
        """The rows of a sequence that an operator takes, one behind the other."""
        found = [self._cuts.get(index) for index in operands]
        if found[0] is None or found[1] is None or found[0][0] in self._places:
            return None
        (sequence, first), (_, second) = found[0], found[1]
        stride = second - first
        wanted = [(sequence, first + step * stride) for step in range(len(found))]
        return Row(sequence, first, stride) if found == wanted and stride else None

    def _uses(self) -> tuple[dict[Place, int], tuple[Place, ...]] | None:
        """Which results are joined over all steps, and which of the last step are read."""
        own = {at for positions in self._ops for at in positions}
        joined: dict[Place, int] = {}
        last: dict[Place, None] = {}
        for at, op in enumerate(self._graph.ops):
            read = [self._places[i] for i in op.inputs if i in self._places]
            if at in own or not read:
                continue
            place = self._joins(op)
            if place is not None and place not in joined:
                joined[place] = at
            elif all(step == len(self._ops) - 1 for step, _ in read):
                last |= dict.fromkeys(place for _, place in read)
            else:
                return None
        for index in self._graph.outputs:
            if index in self._places:
                step, place = self._places[index]
                if step != len(self._ops) - 1:
                    return None
                last[place] = None
        return joined, tuple(last)

    def _joins(self, op: Op) -> Place | None:
        """The result that an operator joins along time, in the order of the steps."""
        if op.kind != "PACK" or op.options.get("axis") != _TIME:
            return None
        found = [self._places.get(index) for index in op.inputs]
        if len(found) != len(self._ops) or found[0] is None:
            return None
        place = found[0][1]
        return place if found == [(step, place) for step in range(len(found))] else None


def _row_of(graph: Graph, op: Op) -> tuple[int, int] | None:
    """The sequence and the row that a STRIDED_SLICE takes: all of one time step, without time."""
    if op.kind != _ROW_KIND or len(op.inputs) != 4:
        return None
    x, y = graph.tensors[op.inputs[0]], graph.tensors[op.outputs[0]]
    begin = graph.tensors[op.inputs[1]].data
    if begin is None or len(begin) <= _TIME or y.shape != (*x.shape[:_TIME], *x.shape[2:]):
        return None
    masks = [op.options.get(f"{name}_mask") for name in ("begin", "end", "shrink_axis")]
    everything_else = (1 << len(begin)) - 1 - (1 << _TIME)
    whole = [isinstance(mask, int) and mask & everything_else for mask in masks[:2]]
    if masks[2] != 1 << _TIME or whole != [everything_else] * 2 or op.options["ellipsis_mask"]:
        return None
    row = int(begin[_TIME])
    return op.inputs[0], row + x.shape[_TIME] if row < 0 else row


def _is_like(one: Tensor, other: Tensor) -> bool:
    return (one.shape, one.dtype, one.quantization) == (
        other.shape,
        other.dtype,
        other.quantization,
    )
