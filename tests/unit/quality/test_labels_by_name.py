"""Labels in arrays that are called like outputs, in all that reads samples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinycompress.artifacts import TensorSpec
from tinycompress.cli.answers.inspect import _spec_line
from tinycompress.conversion.calibrate import read_samples
from tinycompress.conversion.frozen import InputSpec
from tinycompress.measurement.samples import load_samples, stored_samples
from tinycompress.quality.labels import accepted_labels, layer_of, numbered_by_output

X = np.zeros((4, 3), np.float32)


def spec(name: str, width: int) -> TensorSpec:
    return TensorSpec(name, (1, width), "int8", 0.1, 0)


HEADS = (spec("two/mood/Softmax", 3), spec("two/place/MatMul;two/place/BiasAdd", 2))
INPUTS = (TensorSpec("x", (1, 3), "int8", 0.1, 0),)


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("two/mood/Softmax", "mood"),
        ("two/place/MatMul;two/place/BiasAdd", "place"),
        ("StatefulPartitionedCall:1", "StatefulPartitionedCall:1"),
        ("mood", "mood"),
    ],
)
def test_the_layer_in_the_name_of_an_output(name: str, layer: str) -> None:
    assert layer_of(name) == layer


def test_arrays_are_labels_of_what_they_are_called_like() -> None:
    others: dict[str, Any] = {"place": X, "two/mood/Softmax": X, "weather": X}
    assert numbered_by_output(others, HEADS) == {"place": "y1", "two/mood/Softmax": "y0"}
    alike = (spec("a/head/Add", 3), spec("b/head/Add", 3))
    assert numbered_by_output({"head": X, "b/head/Add": X}, alike) == {"b/head/Add": "y1"}


def test_messages_say_both_ways() -> None:
    told = accepted_labels(HEADS)
    assert told.startswith("y0 for 'two/mood/Softmax', y1 for ")
    assert told.endswith("or like their layers: mood, place")
    assert accepted_labels(HEADS[:1]) == "y"
    assert "layers" not in accepted_labels((spec("a/head/Add", 3), spec("b/head/Add", 3)))


def test_bench_takes_labels_by_name(tmp_path: Path) -> None:
    path = tmp_path / "s.npz"
    np.savez(path, x=X, mood=[0, 1, 2, 0], place=np.ones((4, 2)) * 0.3, weather=X)
    stored = stored_samples(load_samples(path, INPUTS), INPUTS, HEADS)
    assert {index: one.kind for index, one in stored.labels.items()} == {
        0: "classes", 1: "regression",
    }  # fmt: skip
    note = next(note for note in stored.notes if "not used" in note)
    assert "not used: 'weather' (" in note
    assert "or like their layers: mood, place" in note


def test_a_number_counts_more_than_a_name(tmp_path: Path) -> None:
    path = tmp_path / "s.npz"
    np.savez(path, x=X, y0=[2, 2, 2, 2], mood=[0, 1, 2, 0])
    stored = stored_samples(load_samples(path, INPUTS), INPUTS, HEADS)
    assert stored.labels[0].values.ravel().tolist() == [2, 2, 2, 2]


def test_conversion_keeps_arrays_that_may_be_labels() -> None:
    x = np.arange(12, dtype=np.float32).reshape(4, 3)
    given = {"x": x, "mood": np.arange(4), "text": np.array(["a"] * 4), "short": np.arange(2)}
    samples = read_samples(given, (InputSpec("x", (None, 3)),))
    assert list(samples.others) == ["mood"]
    assert samples.take(np.array([1, 3])).others["mood"].tolist() == [1, 3]


def test_inspect_says_what_samples_and_labels_are_called() -> None:
    assert _spec_line("output 1", "y1", HEADS[1], HEADS).endswith("(labels y1 or place)")
    assert _spec_line("output 0", "y0", HEADS[0], HEADS[:1]) == (
        "output 0: two/mood/Softmax, int8 1x3, scale 0.1, zero point 0 (labels y or mood)"
    )
    (source,) = INPUTS
    assert _spec_line("input 0", "x0", source, INPUTS).endswith("(samples x)")
    assert _spec_line("input 1", "x1", spec("hour", 1), (source, spec("hour", 1))) == (
        "input 1: hour, int8 1x1, scale 0.1, zero point 0 (samples x1 or hour)"
    )
