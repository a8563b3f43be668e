"""From an int8 file that takes a window of time steps to one that takes one step per invocation.

The file's own operators and scales are kept, each cut down to the new step, so that a stream gives
the bytes that the whole window gives. What an operator needs of earlier steps is kept between
invocations: an LSTM operator keeps its own state, other recurrent layers theirs in variables, and
causal convolutions the last frames of their input.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tinycompress.conversion.streaming.time_axis import Mixes, Time, output_time
from tinycompress.conversion.tflite_builder import TfliteBuilder, drop_unused
from tinycompress.errors import ModelError
from tinycompress.ir.graph import Graph, Op
from tinycompress.ir.reader import read_model
from tinycompress.ir.state import RESET_METADATA
from tinycompress.ir.steps import Steps, find_steps
from tinycompress.ir.tflite_objects import packed, unpacked

_TIME = 1
_MOST_REASONS = 5
_HINT = (
    "a stream has the steps so far and no later ones; docs/streaming.md lists the layers that can"
    " take one step at a time"
)


def one_step(tflite: bytes, name: str) -> bytes:
    """The file that takes one time step per invocation.

    Args:
        tflite: An int8 file whose inputs have time as their second dimension.
        name: What the model is called in messages.

    Raises:
        ModelError: Some layer needs more than the steps so far; names it, and why.
    """
    model = read_model(tflite)
    if len(model.graphs) > 1:
        raise ModelError(
            f"{name} keeps variables already",
            hint="convert the Keras model that takes a whole window",
        )
    slicing = _Slicing(model.main, TfliteBuilder(unpacked(tflite), "stream"))
    slicing.take_inputs(name)
    slicing.run()
    if slicing.reasons:
        more = len(slicing.reasons) - _MOST_REASONS
        told = slicing.reasons[:_MOST_REASONS]
        raise ModelError(
            f"{name} cannot take one time step per invocation",
            reasons=(*told, *([f"and {more} more"] if more > 0 else [])),
            hint=_HINT,
        )
    return slicing.finished()


@dataclass
class _Slicing:
    """The file on its way: operators are gone through in their order."""

    graph: Graph
    builder: TfliteBuilder
    reasons: list[str] = field(default_factory=list)
    times: dict[int, Time] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._originals = list(self.builder.graph.operators)
        self.builder.graph.operators = []
        self._steps = find_steps(self.graph)
        self._group = {at: one for one in self._steps for ops in one.ops for at in ops}
        # All that a step needs is known where the last operator of the last one is.
        self._ends = {max(one.ops[-1]) for one in self._steps}
        self._joins = {at: one for one in self._steps for at in one.joined.values()}
        # What a reason was told of: what follows from it is told no more.
        self._unknown: set[int] = set()

    def take_inputs(self, name: str) -> None:
        """Let every input have one time step."""
        graph = self.graph
        shapes = [graph.tensors[index].shape for index in graph.inputs]
        lengths = {shape[_TIME] if len(shape) > _TIME else 0 for shape in shapes}
        if len(lengths) != 1 or min(lengths) < 2:
            told = ", ".join(f"'{graph.tensors[i].name}' {list(graph.tensors[i].shape)}"
                             for i in graph.inputs)  # fmt: skip
            raise ModelError(
                f"{name} takes no window of time steps: {told}",
                hint="inputs are [1, time steps, ...], with two steps at least; build the Keras"
                " model on a window, with the same weights and stateful=False",
            )
        for index in graph.inputs:
            self._set(index, Time(_TIME))

    def run(self) -> None:
        """Cut every operator down to one step."""
        for at, op in enumerate(self.graph.ops):
            try:
                self._take(at, op)
            except Mixes as why:
                self.reasons.append(f"{op.kind} '{self.graph.layer_name(op)}': {why}")
                self._unknown.update(op.outputs)
        for index in self.graph.outputs:
            time = self.times.get(index)
            if time is not None and time.history:
                self.reasons.append(
                    f"output '{self.graph.tensors[index].name}' holds earlier time steps"
                )

    def finished(self) -> bytes:
        """The file."""
        whole = self.builder.whole
        self.builder.set_first_values()
        whole.signatureDefs = []
        name = RESET_METADATA.encode()
        whole.metadata = [one for one in whole.metadata or () if _bytes(one.name) != name]
        drop_unused(whole)
        return packed(whole)

    def _take(self, at: int, op: Op) -> None:
        if at in self._group:
            if at in self._ends:
                self._take_steps(self._group[at])
        elif at in self._joins or self._only_gives_rows(op):
            return
        elif self._unknown.intersection(op.inputs):
            self._unknown.update(op.outputs)
        elif not any(index in self.times for index in op.inputs):
            self.builder.graph.operators.append(self._originals[at])
        else:
            self._cut(at, op)

    def _cut(self, at: int, op: Op) -> None:
        """An operator on time steps."""
        if op.kind == "PAD":
            self._pad(at, op)
        elif op.kind in ("STRIDED_SLICE", "SLICE"):
            self._slice(at, op)
        else:
            found = output_time(self.graph, op, [self.times.get(index) for index in op.inputs])
            for index in op.outputs:
                self._set(index, found)
            if op.kind in ("RESHAPE", "EXPAND_DIMS", "SQUEEZE"):
                shape = list(self.builder.graph.tensors[op.outputs[0]].shape)
                self.builder.reshape(op.inputs[0], op.outputs[0], shape)
            else:
                self.builder.graph.operators.append(self._originals[at])

    def _set(self, index: int, time: Time | None) -> None:
        if time is None:
            return
        self.times[index] = time
        tensor = self.builder.graph.tensors[index]
        shape = list(self.graph.tensors[index].shape)
        shape[time.axis] = time.size
        tensor.shape, tensor.shapeSignature = shape, None

    def _constants(self, op: Op, first: int) -> list[list[int]]:
        found = []
        for index in op.inputs[first:]:
            data = self.graph.tensors[index].data
            if data is None:
                raise Mixes("which elements it takes is computed")
            found.append([int(value) for value in data.reshape(-1)])
        return found

    # --- padding: the frames before ---------------------------------------------------------------

    def _pad(self, at: int, op: Op) -> None:
        time = self.times[op.inputs[0]]
        (flat,) = self._constants(op, 1)
        pairs = list(zip(flat[::2], flat[1::2], strict=True))
        before, after = pairs[time.axis]
        if after:
            raise Mixes("it adds steps behind the last one: use padding='causal'")
        if before and time.history:
            raise Mixes("its input holds earlier time steps already")
        x, y = op.inputs[0], op.outputs[0]
        if before == 0:
            self._set(y, time)
            self.builder.graph.operators.append(self._originals[at])
            return
        pairs[time.axis] = (0, 0)
        shape = list(self.graph.tensors[y].shape)
        shape[time.axis] = 1
        if any(map(any, pairs)):
            x = self._padded(op, pairs, shape)
        self._keep_frames(x, y, shape, Time(time.axis, before))

    def _padded(self, op: Op, pairs: Sequence[tuple[int, int]], shape: Sequence[int]) -> int:
        """The new step with what is added along other dimensions than time."""
        made = self.builder.like(op.inputs[0], shape, "padded")
        paddings = self.builder.constant(np.array(pairs, np.int32))
        self.builder.op("PAD", [op.inputs[0], paddings], [made], schema.PadOptionsT())
        return made

    def _keep_frames(self, x: int, y: int, shape: Sequence[int], time: Time) -> None:
        """The frames before, then the new one; the last of them are kept."""
        frames = list(shape)
        frames[time.axis] = time.history
        known = self.graph.tensors[y].quantization
        zero = 0 if known is None else known.zero_point
        first = np.full(frames, zero, self.graph.tensors[y].dtype.numpy)
        handle, before = self.builder.read(f"{self.graph.tensors[y].name}/{y}", first, x)
        self._set(y, time)
        self.builder.concatenate([before, x], y, time.axis)
        self.builder.keep_end(handle, y, frames, 1, time.axis)

    # --- slices -----------------------------------------------------------------------------------

    def _slice(self, at: int, op: Op) -> None:
        """All of time, or its last step."""
        time, shape = self.times[op.inputs[0]], self.graph.tensors[op.inputs[0]].shape
        size = shape[time.axis]
        begins, ends, removed = _slice_bounds(self._constants(op, 1), op, shape)
        if (begins[time.axis], ends[time.axis]) == (0, size):
            axis = time.axis - sum(at < time.axis for at in removed)
            self._set(op.outputs[0], Time(axis, time.history))
            ends[time.axis] = time.size
        elif (begins[time.axis], ends[time.axis]) == (size - 1, size) and not time.history:
            begins[time.axis], ends[time.axis] = 0, 1
        else:
            raise Mixes(
                f"it takes time steps {begins[time.axis]} to {ends[time.axis] - 1} of {size}"
            )
        sizes = [end - begin for begin, end in zip(begins, ends, strict=True)]
        target = op.outputs[0]
        if removed:
            target = self.builder.like(op.outputs[0], sizes, "slice")
        operands = [op.inputs[0], self.builder.integers(begins), self.builder.integers(sizes)]
        self.builder.op("SLICE", operands, [target], schema.SliceOptionsT())
        if removed:
            shape_now = list(self.builder.graph.tensors[op.outputs[0]].shape)
            self.builder.reshape(target, op.outputs[0], shape_now)

    # --- steps of recurrent layers ----------------------------------------------------------------

    def _only_gives_rows(self, op: Op) -> bool:
        """Whether an operator takes a step's row, and nobody but the steps reads it."""
        if op.kind != "STRIDED_SLICE" or op.outputs[0] in self.graph.outputs:
            return False
        users = [at for at, other in enumerate(self.graph.ops) if op.outputs[0] in other.inputs]
        return bool(users) and all(at in self._group for at in users)

    def _take_steps(self, steps: Steps) -> None:
        """One step of a layer."""
        last, layer = len(steps.ops) - 1, steps.name.rpartition("/")[0]
        results = [self.graph.ops[at].outputs[0] for at in steps.joined.values()]
        results += [steps.tensor(self.graph, last, place) for place in steps.last]
        why = self._why_not(steps)
        if why is not None:
            self.reasons.append(f"layer '{layer}': {why}")
        if why is not None or self._unknown.intersection(self._sequences(steps)):
            self._unknown.update(results)
            return
        given, handles = self._states(steps), {}
        for place, index in given.items():
            first = self.graph.tensors[steps.carried[place]].data
            handle, value = self.builder.read(f"{steps.name}/{place[0]}", np.asarray(first), index)
            given[place], handles[place] = value, handle
        self._emit(steps, {self._of(steps, last - 1, p): value for p, value in given.items()})
        for place, at in steps.joined.items():
            joined = self.graph.ops[at].outputs[0]
            self._set(joined, Time(_TIME))
            shape = list(self.builder.graph.tensors[joined].shape)
            self.builder.reshape(self._of(steps, last, place), joined, shape)
        for place, handle in handles.items():
            self.builder.assign(handle, self._of(steps, last, place))

    def _states(self, steps: Steps) -> dict[tuple[int, int], int]:
        return {place: self._of(steps, 0, place) for place in steps.carried}

    def _of(self, steps: Steps, step: int, place: tuple[int, int]) -> int:
        return steps.tensor(self.graph, step, place)

    def _sequences(self, steps: Steps) -> set[int]:
        return {row.sequence for row in steps.rows.values()}

    def _why_not(self, steps: Steps) -> str | None:
        if any((row.first, row.stride) != (0, 1) for row in steps.rows.values()):
            return "it goes through the sequence from its end"
        firsts = [self.graph.tensors[index] for index in steps.carried.values()]
        if any(first.data is None for first in firsts):
            return "its first state is computed"
        known = self._sequences(steps) - self._unknown
        if any(self.times.get(index) != Time(_TIME) for index in known):
            return "its input holds more than the new time step"
        own = {at for ops in steps.ops for at in ops}
        outer = {i for at in own for i in self.graph.ops[at].inputs}
        return "each step reads the whole sequence" if outer & self.times.keys() else None

    def _emit(self, steps: Steps, states: dict[int, int]) -> None:
        """The last step's operators, on the states that were read and on the new row."""
        rows: dict[int, int] = {}
        for number, at in enumerate(steps.ops[-1]):
            made = copy.copy(self._originals[at])
            inputs = []
            for position, index in enumerate(self.graph.ops[at].inputs):
                row = steps.rows.get((number, position))
                if row is not None and row.sequence not in rows:
                    rows[row.sequence] = self.builder.like(
                        index, self.graph.tensors[index].shape, f"{steps.name}/row"
                    )
                    shape = list(self.graph.tensors[index].shape)
                    self.builder.reshape(row.sequence, rows[row.sequence], shape)
                inputs.append(states.get(index, index) if row is None else rows[row.sequence])
            made.inputs = inputs
            self.builder.graph.operators.append(made)


def _slice_bounds(
    constants: Sequence[list[int]], op: Op, shape: Sequence[int]
) -> tuple[list[int], list[int], list[int]]:
    """First element and end in every dimension, and the dimensions that go."""
    if op.kind == "SLICE":
        begins, sizes = constants
        ends = [shape[at] if size < 0 else begins[at] + size for at, size in enumerate(sizes)]
        return list(begins), ends, []
    begins, ends, strides = (list(each) for each in constants)
    masks = {
        name: int(op.options[f"{name}_mask"])  # type: ignore[arg-type]
        for name in ("begin", "end", "shrink_axis", "ellipsis", "new_axis")
    }
    if masks["ellipsis"] or masks["new_axis"] or set(strides) != {1}:
        raise Mixes("it goes through the sequence from its end, or in steps")
    for at, size in enumerate(shape):
        if at >= len(begins):
            begins.append(0)
            ends.append(size)
            continue
        begin = 0 if masks["begin"] >> at & 1 else begins[at]
        begins[at] = begin + size if begin < 0 else begin
        end = size if masks["end"] >> at & 1 else ends[at]
        ends[at] = min(end + size if end < 0 else end, size)
        if masks["shrink_axis"] >> at & 1:
            ends[at] = begins[at] + 1
    return begins, ends, [at for at in range(len(shape)) if masks["shrink_axis"] >> at & 1]


def _bytes(name: Any) -> bytes:
    return name.encode() if isinstance(name, str) else bytes(name)
