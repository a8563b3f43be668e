"""State kept between invocations: sequences of inferences, with resets, against both runtimes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from support.cases.kernels import BOTH, options
from support.cases.sequences import differing_bytes
from support.models.collection import Collection
from support.models.tflite_files import Builder, pack, unpack

from tinycompress.artifacts import ExactTo
from tinycompress.codegen import generate
from tinycompress.errors import ModelError
from tinycompress.ir.reader import read_model

_SHAPE = [1, 6]


class StateBuilder(Builder):
    """A model with resource variables, all of one shape and quantisation."""

    def __init__(self, initial: Sequence[Sequence[int]]) -> None:
        super().__init__()
        self._initial = initial
        table = schema.CallOnceOptionsT()
        table.initSubgraphIndex = 1
        self.op("CALL_ONCE", [], [], table)
        self.handles = [self.handle(i) for i in range(len(initial))]
        self.input = self.value("x")

    def handle(self, number: int) -> int:
        table = schema.VarHandleOptionsT()
        table.container, table.sharedName = "", f"v{number}"
        handle = self.tensor([], "RESOURCE", name=f"handle{number}")
        self.op("VAR_HANDLE", [], [handle], table)
        return handle

    def value(self, name: str = "", scale: float = 0.1) -> int:
        return self.tensor(_SHAPE, scales=[scale], zero_points=[3], name=name)

    def read(self, number: int, scale: float = 0.1) -> int:
        y = self.value(scale=scale)
        self.op("READ_VARIABLE", [self.handles[number]], [y], options("ReadVariable"))
        return y

    def assign(self, number: int, value: int) -> None:
        self.op("ASSIGN_VARIABLE", [self.handles[number], value], [], options("AssignVariable"))

    def add(self, a: int, b: int) -> int:
        y = self.value()
        self.op("ADD", [a, b], [y], options("Add"))
        return y

    def reshape(self, x: int) -> int:
        y = self.tensor([6, 1], scales=[0.1], zero_points=[3])
        shape = self.tensor([2], "INT32", data=np.array([6, 1], "<i4"))
        self.op("RESHAPE", [x, shape], [y], options("Reshape"))
        return y

    def finish(self, *outputs: int) -> bytes:
        self.new_subgraph()
        for number, values in enumerate(self._initial):
            data = np.array([values], np.int8)
            constant = self.tensor(_SHAPE, data=data, scales=[0.1], zero_points=[3])
            handle = self.handle(number)
            self.op("ASSIGN_VARIABLE", [handle, constant], [], options("AssignVariable"))
        return self.pack([self.input], outputs)


_RAMP, _FLAT = (5, -7, 100, -128, 127, 0), (3,) * 6


def accumulator() -> bytes:
    b = StateBuilder([_RAMP])
    y = b.add(b.input, b.read(0))
    b.assign(0, y)
    return b.finish(b.add(y, b.input))


def delay_line() -> bytes:
    """Three variables, each of which takes what the one before it held."""
    b = StateBuilder([_RAMP, _FLAT, (9,) * 6])
    held = [b.read(i) for i in range(3)]
    for number, value in enumerate([b.input, *held[:2]]):
        b.assign(number, value)
    return b.finish(b.add(held[2], held[0]))


def read_after_assign() -> bytes:
    b = StateBuilder([_RAMP])
    before = b.read(0)
    b.assign(0, b.add(b.input, before))
    after = b.read(0)
    y = b.add(after, before)
    b.assign(0, b.add(y, before))
    return b.finish(y, b.read(0))


def outputs_its_state() -> bytes:
    b = StateBuilder([_FLAT])
    held = b.read(0)
    new = b.add(held, b.input)
    b.assign(0, new)
    return b.finish(held, new)


def views_of_state() -> bytes:
    b = StateBuilder([_RAMP])
    held = b.read(0)
    flat = b.reshape(held)
    b.assign(0, b.add(held, b.input))
    square = b.tensor([6, 1], scales=[0.2], zero_points=[-4])
    b.op("ADD", [flat, flat], [square], options("Add"))
    return b.finish(square)


def assigns_what_it_read() -> bytes:
    b = StateBuilder([_RAMP, _FLAT])
    b.assign(0, b.read(0))
    b.assign(1, b.add(b.read(1), b.input))
    return b.finish(b.add(b.read(0), b.read(1)))


def reads_with_another_scale() -> bytes:
    b = StateBuilder([_RAMP])
    y = b.add(b.read(0, scale=0.3), b.input)
    b.assign(0, y)
    return b.finish(y)


_MODELS = (
    accumulator, delay_line, read_after_assign, outputs_its_state, views_of_state,
    assigns_what_it_read, reads_with_another_scale,
)  # fmt: skip


@pytest.mark.parametrize("exact_to", BOTH)
@pytest.mark.parametrize("make", _MODELS)
def test_resource_variables_are_exact(make: object, exact_to: ExactTo) -> None:
    assert callable(make)
    assert differing_bytes(make(), exact_to) == 0


@pytest.mark.shared
@pytest.mark.parametrize("exact_to", BOTH)
@pytest.mark.parametrize(
    "name", ["pymicro_okay_nabu", "v2_alexa", "v2_hey_jarvis", "v2_hey_mycroft"]
)
def test_wake_word_models_are_exact(shared_data: Collection, name: str, exact_to: ExactTo) -> None:
    tflite = shared_data.file(f"models/microwakeword/{name}.tflite").read_bytes()
    assert differing_bytes(tflite, exact_to) == 0


def test_state_that_needs_no_copy_has_none() -> None:
    b = StateBuilder([_RAMP])
    y = b.add(b.read(0), b.input)
    b.assign(0, b.add(b.input, b.input))
    sources = generate(read_model(b.finish(y)))
    assert [layer.op for layer in sources.layers] == ["ADD", "ADD"]


def test_an_operator_does_not_change_the_state_that_it_reads() -> None:
    sources = generate(read_model(accumulator()))
    assert [layer.op for layer in sources.layers] == ["ADD", "ASSIGN_VARIABLE", "ADD"]


def test_a_variable_without_a_first_value_is_refused() -> None:
    b = StateBuilder([_RAMP])
    b.handles.append(b.handle(1))
    tflite = b.finish(b.add(b.input, b.read(1)))
    with pytest.raises(ModelError) as caught:
        generate(read_model(tflite))
    reasons = "\n".join(caught.value.reasons)
    assert "VAR_HANDLE" in reasons
    assert "variable 'v1'" in reasons


def test_a_subgraph_that_computes_is_refused() -> None:
    b = StateBuilder([_RAMP])
    y = b.add(b.input, b.read(0))
    b.finish(y)
    b.op("ADD", [0, 0], [b.value()], options("Add"))
    with pytest.raises(ModelError, match="must only assign constants"):
        generate(read_model(b.pack([b.input], [y])))


def test_operators_on_state_without_all_operands_are_refused() -> None:
    """Each operand of each operator in turn is left out, and those behind it; so are results."""
    whole = unpack(accumulator())
    count = 0
    for number, op in enumerate(whole.subgraphs[0].operators):
        for name in ("inputs", "outputs"):
            for kept in range(len(getattr(op, name))):
                model = unpack(accumulator())
                damaged = model.subgraphs[0].operators[number]
                setattr(damaged, name, list(getattr(damaged, name))[:kept])
                with pytest.raises(ModelError):
                    generate(read_model(pack(model)))
                count += 1
    assert count > 10
