"""Unrolled time steps are found where they are proved to be equal, and nowhere else."""

from __future__ import annotations

import pytest
from support.models.stepped_models import Stepped

from tinycompress.ir.reader import read_model
from tinycompress.ir.steps import Row, find_steps


def test_steps_with_their_rows_state_and_results() -> None:
    made = Stepped(4)
    states = made.layer(made.x)
    graph = read_model(made.tflite(made.joined(states))).main
    (found,) = find_steps(graph)
    assert (found.name, len(found.ops)) == ("rnn/steps", 4)
    kinds = [[graph.ops[at].kind for at in ops] for ops in found.ops]
    assert kinds == [["FULLY_CONNECTED", "FULLY_CONNECTED", "ADD", "TANH"]] * 4
    assert found.rows == {(0, 0): Row(made.x, 0, 1)}
    assert [graph.tensors[i].name for i in found.carried.values()] == ["rnn/steps/initial_0"]
    assert list(found.carried) == list(found.joined) == [(3, 0)]
    assert found.last == ()


def test_the_last_result_and_a_way_back() -> None:
    made = Stepped(3)
    states = made.layer(made.x, backwards=True)
    (found,) = find_steps(read_model(made.tflite(states[-1])).main)
    assert found.rows == {(0, 0): Row(made.x, 2, -1)}
    assert (found.joined, found.last) == ({}, ((3, 0),))


@pytest.mark.parametrize("step", [0, 1, 3])
@pytest.mark.parametrize("what", ["other_scale_at", "other_weights_at"])
def test_a_step_that_differs(step: int, what: str) -> None:
    made = Stepped(4)
    states = made.layer(made.x, **{what: step})  # type: ignore[arg-type]
    assert find_steps(read_model(made.tflite(states[-1])).main) == ()


def test_a_step_in_between_that_others_read() -> None:
    made = Stepped(4)
    states = made.layer(made.x)
    assert find_steps(read_model(made.tflite(states[1], states[-1])).main) == ()


def test_names_that_tell_no_steps() -> None:
    made = Stepped(4)
    states = made.layer(made.x, scope="rnn/time")
    assert find_steps(read_model(made.tflite(states[-1])).main) == ()


def test_one_step_is_no_loop() -> None:
    made = Stepped(1)
    assert find_steps(read_model(made.tflite(*made.layer(made.x))).main) == ()
