"""A file that takes one step per invocation gives the bytes of the one that takes a window."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from support.cases.kernels import BOTH, options
from support.cases.sequences import differing_bytes
from support.models.stateful_models import stateful_model
from support.models.stepped_models import FEATURES, UNITS, Stepped

from tinycompress.artifacts import ExactTo
from tinycompress.conversion.streaming.checking import require_equal
from tinycompress.conversion.streaming.slicing import one_step
from tinycompress.errors import MismatchError, ModelError
from tinycompress.ir.reader import read_model
from tinycompress.ir.state import keeps_state

STEPS = 6


def _last_rows(made: Stepped) -> Sequence[int]:
    """What Keras makes of the last step of a sequence."""
    sequence = made.causal_conv(made.x, 2)
    row = made.builder.tensor([1, UNITS], name="last", scales=[0.04])
    bounds = [made.integers(each) for each in ([0, -1, 0], [0, 0, 0], [1, 1, 1])]
    masks = options("StridedSlice", beginMask=5, endMask=7, shrinkAxisMask=2)
    made.builder.op("STRIDED_SLICE", [sequence, *bounds], [row], masks)
    return [row]


def _stacked(made: Stepped) -> Sequence[int]:
    first = made.joined(made.layer(made.causal_conv(made.x, dilation=2), scope="a/steps"))
    second = made.layer(first, scope="b/steps")
    return [made.causal_conv(first), second[-1]]


GOOD: dict[str, Callable[[Stepped], Sequence[int]]] = {
    "last": lambda made: made.layer(made.x)[-1:],
    "sequence": lambda made: [made.joined(made.layer(made.x))],
    "convolutions": lambda made: [made.causal_conv(made.causal_conv(made.x, dilation=2), 2)],
    "last_rows": _last_rows,
    "stacked": _stacked,
}


def _files(name: str, seed: int = 0) -> tuple[bytes, bytes]:
    made = Stepped(STEPS, seed)
    window = made.tflite(*GOOD[name](made))
    return window, one_step(window, "model")


@pytest.mark.parametrize("exact_to", BOTH)
@pytest.mark.parametrize("name", GOOD)
def test_a_stream_gives_the_bytes_of_the_window(name: str, exact_to: ExactTo) -> None:
    window, stream = _files(name)
    x = np.random.default_rng(1).integers(-128, 128, (4, STEPS, FEATURES)).astype(np.int8)
    assert require_equal(window, stream, [x], exact_to) == 4
    model = read_model(stream)
    assert model.main.tensors[model.main.inputs[0]].shape == (1, 1, FEATURES)
    assert keeps_state(model)


@pytest.mark.parametrize("name", GOOD)
def test_the_engine_runs_a_stream_exactly(name: str) -> None:
    assert differing_bytes(_files(name, 2)[1], "tflm", 12) == 0


def test_a_stream_is_small() -> None:
    window, stream = _files("sequence")
    assert len(stream) < len(window) / 2
    assert sum(op.kind == "TANH" for op in read_model(stream).main.ops) == 1


def test_a_stream_that_differs_is_told() -> None:
    window, _ = _files("sequence")
    _, other = _files("sequence", 5)
    x = np.random.default_rng(1).integers(-128, 128, (1, STEPS, FEATURES)).astype(np.int8)
    with pytest.raises(MismatchError, match="output 0 of the stream is not that of the whole"):
        require_equal(window, other, [x], "tflm")


def _wide_conv(made: Stepped) -> Sequence[int]:
    """A window that is not filled at first: no padding before it."""
    sequence = made.causal_conv(made.x)
    pad, reshape = made.builder.graph.operators[:2]
    pad.inputs = [pad.inputs[0], made.builder.tensor([3, 2], "INT32", data=np.int32([[0] * 2] * 3))]
    made.builder.graph.tensors[pad.outputs[0]].shape = [1, STEPS, FEATURES]
    made.builder.graph.tensors[reshape.outputs[0]].shape = [1, 1, STEPS, FEATURES]
    for index in made.builder.graph.operators[2].outputs, made.builder.graph.operators[3].outputs:
        shape = list(made.builder.graph.tensors[index[0]].shape)
        shape[-2] = STEPS - 2
        made.builder.graph.tensors[index[0]].shape = shape
    return [sequence]


def _strided(made: Stepped) -> Sequence[int]:
    sequence = made.causal_conv(made.x)
    made.builder.graph.operators[2].builtinOptions.strideW = 2
    return [sequence]


def _same_padding(made: Stepped) -> Sequence[int]:
    sequence = made.causal_conv(made.x)
    made.builder.graph.operators[2].builtinOptions.padding = 0
    return [sequence]


def _middle(made: Stepped) -> Sequence[int]:
    row = made.builder.tensor([1, FEATURES], name="middle/row", scales=[0.05], zero_points=[3])
    bounds = [made.integers(each) for each in ([0, 2, 0], [0, 3, 0], [1, 1, 1])]
    masks = options("StridedSlice", beginMask=5, endMask=5, shrinkAxisMask=2)
    made.builder.op("STRIDED_SLICE", [made.x, *bounds], [row], masks)
    return [row]


def _turned(made: Stepped) -> Sequence[int]:
    turned = made.builder.tensor([1, STEPS, FEATURES], name="turned/ReverseV2", scales=[0.05])
    bounds = [made.integers(each) for each in ([0, 0, 0], [0, 0, 0], [1, -1, 1])]
    masks = options("StridedSlice", beginMask=7, endMask=7)
    made.builder.op("STRIDED_SLICE", [made.x, *bounds], [turned], masks)
    return [turned]


BAD: dict[str, tuple[Callable[[Stepped], Sequence[int]], str]] = {
    "backwards": (lambda made: made.layer(made.x, backwards=True)[-1:],
                  "layer 'rnn': it goes through the sequence from its end"),
    "turned": (_turned, "'turned/ReverseV2': it goes through the sequence from its end"),
    "mean": (lambda made: [made.averaged(made.x)],
             "MEAN 'pool/Mean': it takes all time steps together"),
    "flatten": (lambda made: [made.flattened(made.x)],
                "RESHAPE 'flatten/Reshape': it joins time steps with other values"),
    "middle": (_middle, "'middle/row': it takes time steps 2 to 2 of 6"),
    "strided": (_strided, "CONV_2D 'conv/Relu': it goes 2 time steps at once"),
    "not_causal": (_wide_conv, "CONV_2D 'conv/Relu': its window is not filled at first: use"),
    "same": (_same_padding, "it looks at later time steps: use padding='causal'"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_needs_more_than_the_steps_so_far_is_refused_by_name(name: str) -> None:
    make, why = BAD[name]
    made = Stepped(STEPS)
    with pytest.raises(ModelError, match="cannot take one time step per invocation") as caught:
        one_step(made.tflite(*make(made)), "model")
    assert [reason for reason in caught.value.reasons if why in reason]
    assert caught.value.hint is not None
    assert "docs/streaming.md" in caught.value.hint


def test_one_reason_is_told_once() -> None:
    made = Stepped(STEPS)
    first = made.layer(made.x, backwards=True, scope="a/steps")
    with pytest.raises(ModelError) as caught:
        one_step(made.tflite(made.layer(made.joined(first), scope="b/steps")[-1]), "model")
    assert caught.value.reasons == ("layer 'a': it goes through the sequence from its end",)


def test_a_model_of_one_step_takes_no_window() -> None:
    made = Stepped(1)
    with pytest.raises(ModelError, match="takes no window of time steps") as caught:
        one_step(made.tflite(made.causal_conv(made.x)), "model")
    assert caught.value.hint is not None
    assert "stateful=False" in caught.value.hint


def test_a_stream_is_none_once_more() -> None:
    with pytest.raises(ModelError, match="keeps variables already"):
        one_step(stateful_model("variables"), "model")
