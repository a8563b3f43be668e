"""Samples: every accepted form gives the same stored bytes; every bad one is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from support.models.tflite_files import small_cnn

from tinycompress.artifacts import TensorSpec
from tinycompress.conversion.calibrate import read_samples
from tinycompress.conversion.frozen import InputSpec
from tinycompress.errors import ConfigError
from tinycompress.measurement.samples import (
    Samples,
    load_samples,
    random_samples,
    stored_samples,
)

SPEC = TensorSpec("image", (1, 4, 3, 1), "int8", 0.5, 3)
FLAT = TensorSpec("features", (1, 6), "int8", 1.0, 0)
SPREAD = np.linspace(-100, 100, 18).reshape(3, 6)
SCALAR = TensorSpec("scalar", (1,), "int8", 1.0, 0)


def classes(count: int) -> tuple[TensorSpec, ...]:
    return (TensorSpec("class", (1, count), "int8", 1 / 256, -128),)


def one(array: Any, labels: Any = None) -> Samples:
    return Samples(
        (np.asarray(array),), {} if labels is None else {"y": np.asarray(labels)}, "t.npz"
    )


@pytest.mark.parametrize("shape", [(2, 4, 3, 1), (2, 4, 3)])
def test_batch_with_and_without_channel(shape: tuple[int, ...]) -> None:
    values = np.arange(24).reshape(shape) / 2
    stored = stored_samples(one(values), (SPEC,), classes(10))
    assert stored.inputs[0].shape == (2, 1, 4, 3, 1)
    assert stored.inputs[0].dtype == np.int8
    assert stored.inputs[0].ravel().tolist() == [i + 3 for i in range(24)]
    assert stored.sample(1)[0].ravel().tolist() == [i + 3 for i in range(12, 24)]


@pytest.mark.parametrize("shape", [(4, 3, 1), (4, 3)])
def test_single_sample_without_batch(shape: tuple[int, ...]) -> None:
    assert stored_samples(one(np.zeros(shape)), (SPEC,), classes(10)).count == 1


def test_input_of_one_number() -> None:
    stored = stored_samples(one(np.array([1.0, 2.0])), (SCALAR,), classes(2))
    assert stored.inputs[0].tolist() == [[1], [2]]


def test_rounding_is_half_away_from_zero_as_in_tflite() -> None:
    values = np.array([[0.5, 1.5, -0.5, -1.5, 0.49999997, 1e9]])
    stored = stored_samples(one(values), (FLAT,), classes(2))
    assert stored.inputs[0].ravel().tolist() == [1, 2, -1, -2, 0, 127]
    assert "17% of them were clamped" in stored.notes[0]


def test_stored_dtype_is_taken_as_it_is_and_other_integers_are_real_values() -> None:
    raw = np.array([[-128, -1, 0, 1, 2, 127]])
    spec = TensorSpec("f", (1, 6), "int8", 0.5, 7)
    assert stored_samples(one(raw.astype(np.int8)), (spec,), classes(2)).inputs[
        0
    ].ravel().tolist() == (raw.ravel().tolist())
    stored = stored_samples(one(raw.astype(np.int32)), (spec,), classes(2))
    assert stored.inputs[0].ravel().tolist() == [-128, 5, 7, 9, 11, 127]


def test_float_model_takes_floats() -> None:
    spec = TensorSpec("f", (1, 6), "float32", 0.0, 0)
    stored = stored_samples(one(np.full((1, 6), 0.1)), (spec,), classes(2))
    assert stored.inputs[0].dtype == np.float32


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.zeros((2, 3, 4)), r"shape \(2, 3, 4\), expected \(n, 4, 3, 1\) or \(n, 4, 3\)"),
        (np.zeros((0, 4, 3)), "no samples"),
        (np.zeros(()), "shape"),
        (np.full((2, 4, 3), np.nan), "sample 0 .* holds nan"),
        (np.full((2, 4, 3), -np.inf), "holds -inf"),
        (np.full((2, 4, 3), 1e300), "holds 1e\\+300"),
        (np.array([["a"]]), "are <U1, expected numbers"),
        (np.zeros((2, 4, 3), np.complex64), "are complex64, expected numbers"),
    ],
)
def test_bad_inputs(array: npt.NDArray[Any], expected: str) -> None:
    with pytest.raises(ConfigError, match=expected) as caught:
        stored_samples(one(array), (SPEC,), classes(10))
    assert "t.npz" in str(caught.value)
    assert "'image'" in str(caught.value)


def test_several_inputs() -> None:
    both = Samples((np.zeros((3, 4, 3)), np.ones((3, 6))), {}, "t.npz")
    stored = stored_samples(both, (SPEC, FLAT), classes(10))
    assert [array.shape for array in stored.inputs] == [(3, 1, 4, 3, 1), (3, 1, 6)]
    with pytest.raises(ConfigError, match="1 array of inputs for a model with 2"):
        stored_samples(one(np.zeros((3, 4, 3))), (SPEC, FLAT), classes(10))
    uneven = Samples((np.zeros((3, 4, 3)), np.ones((2, 6))), {}, "t.npz")
    with pytest.raises(ConfigError, match="2 samples for input 'features', but 3"):
        stored_samples(uneven, (SPEC, FLAT), classes(10))


@pytest.mark.parametrize(
    "labels", [[1, 0, 2], [[1], [0], [2]], [[0, 1, 0], [1, 0, 0], [0, 0, 1]], [1.0, 0.0, 2.0]]
)
def test_forms_of_labels(labels: Any) -> None:
    stored = stored_samples(one(np.zeros((3, 6)), labels), (FLAT,), classes(3))
    assert stored.labels[0].values.tolist() == [[1], [0], [2]]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([0, 1, 3], "has the label 3, but the model 3 classes"),
        ([0, -1, 2], "neither class indexes nor one-hot"),
        ([0, 0.5, 2], "neither class indexes nor one-hot"),
        ([0, float("nan"), 2], "neither class indexes nor one-hot"),
        (["a", "b", "c"], "neither class indexes nor one-hot"),
    ],
)
def test_labels_that_are_none(labels: Any, expected: str) -> None:
    stored = stored_samples(one(SPREAD, labels), (FLAT,), classes(3))
    assert not stored.labels
    (note,) = stored.notes
    assert expected in note


def test_other_number_of_labels() -> None:
    for labels in ([0, 1], 1, [[0, 1]]):
        with pytest.raises(ConfigError, match="labels y for 3 samples"):
            stored_samples(one(np.zeros((3, 6)), labels), (FLAT,), classes(3))


def test_one_output_has_two_classes() -> None:
    assert stored_samples(one(np.zeros((2, 6)), [0, 1]), (FLAT,), classes(1)).labels


TWO = (TensorSpec("age", (1, 3), "int8", 1.0, 0), TensorSpec("mood", (1, 2), "int8", 1.0, 0))


def labelled(**labels: Any) -> Samples:
    return Samples((SPREAD,), {name: np.asarray(y) for name, y in labels.items()}, "t.npz")


def test_labels_of_several_outputs() -> None:
    stored = stored_samples(labelled(y0=[0, 2, 1], y1=[0, 1, 1]), (FLAT,), TWO)
    assert {index: y.values.ravel().tolist() for index, y in stored.labels.items()} == {
        0: [0, 2, 1],
        1: [0, 1, 1],
    }
    assert stored.notes == ()
    one_of_two = stored_samples(labelled(y1=[0, 1, 1]), (FLAT,), TWO)
    assert list(one_of_two.labels) == [1]
    assert one_of_two.notes == ("no accuracy of outputs without labels: age",)


def test_labels_that_do_not_say_of_which_output() -> None:
    (note,) = stored_samples(labelled(y=[0, 2, 1]), (FLAT,), TWO).notes
    assert "the model has 2 outputs and y of t.npz does not say which" in note
    assert "y0 for 'age', y1 for 'mood'" in note


def test_labels_of_no_output() -> None:
    stored = stored_samples(labelled(y0=[0, 1, 1], y5=[0, 0, 0]), (FLAT,), classes(2))
    assert list(stored.labels) == [0]
    assert stored.notes == ("y5 of t.npz is not used: the model has 1 output",)


def test_each_output_bounds_its_own_labels() -> None:
    (note, _) = stored_samples(labelled(y0=[0, 1, 1], y1=[0, 1, 2]), (FLAT,), TWO).notes
    assert "y1 of t.npz has the label 2, but the model 2 classes" in note


def test_arrays_that_mean_nothing_are_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "s.npz", x=SPREAD, labels=np.zeros(3), y1=np.zeros(3), y0=np.zeros(3))
    loaded = load_samples(tmp_path / "s.npz")
    assert list(loaded.labels) == ["y0", "y1"]
    (note,) = stored_samples(loaded, (FLAT,), TWO).notes
    assert "not used: 'labels'" in note


PIXELS = TensorSpec("image", (1, 6), "int8", 1.0, -128)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.linspace(0, 1, 18), "between 0 and 1, the model's input between 0 and 255: they use 0"),
        (np.full(18, 0.5), "they use 0.0% of it"),
        (np.linspace(0, 65535, 18), "94% of them were clamped"),
        (np.linspace(0, 255, 18), None),
        (np.linspace(100, 130, 18), None),
    ],
)
def test_samples_of_another_range_than_the_input(
    values: npt.NDArray[Any], expected: str | None
) -> None:
    notes = stored_samples(one(values.reshape(3, 6)), (PIXELS,), classes(2)).notes
    if expected is None:
        assert notes == ()
    else:
        assert expected in notes[0]
        assert notes[0].endswith("were they scaled as for training?")


def test_random_samples_are_the_same_every_time_and_reach_the_ends() -> None:
    first, second = (random_samples(small_cnn(), 200) for _ in range(2))
    assert all((a == b).all() for a, b in zip(first.inputs, second.inputs, strict=True))
    assert (first.inputs[0].min(), first.inputs[0].max()) == (-128, 127)


def test_load(tmp_path: Path) -> None:
    np.savez(tmp_path / "one.npz", x=np.zeros((2, 6)), y=np.array([0, 1]))
    loaded = load_samples(tmp_path / "one.npz")
    assert len(loaded.inputs) == 1
    assert list(loaded.labels) == ["y"]
    assert loaded.source == str(tmp_path / "one.npz")
    np.savez_compressed(tmp_path / "two.npz", x1=np.ones(2), x0=np.zeros(2))
    first, second = load_samples(tmp_path / "two.npz").inputs
    assert (first[0], second[0]) == (0, 1)


@pytest.mark.parametrize(
    "names",
    [
        ("left", "right ear"),
        ("left", "right_ear"),
        ("serving_default_left:0", "serving_default_right_ear:0"),
    ],
)
def test_arrays_named_like_the_inputs(tmp_path: Path, names: tuple[str, str]) -> None:
    """One file for `build` and `bench`; a ``.tflite`` may spell the names in its own way."""
    path = tmp_path / "named.npz"
    arrays: dict[str, Any] = {"right ear": np.ones((3, 6)), "left": np.zeros((3, 6))}
    np.savez(path, y=np.zeros(3), **arrays)
    specs = [TensorSpec(name, (1, 6), "int8", 1.0, 0) for name in names]
    read = load_samples(path, specs)
    assert [array[0, 0] for array in read.inputs] == [0, 1]
    assert set(read.labels) == {"y"}
    assert read.others == {}
    declared = [InputSpec(name, (None, 6)) for name in names]
    mixed = {"right ear": SPREAD, "left": -SPREAD}
    (left, right) = read_samples(mixed, declared).inputs
    assert left[0, 0] == 100
    assert right[0, 0] == -100


def test_what_arrays_may_be_called_is_said(tmp_path: Path) -> None:
    path = tmp_path / "other.npz"
    np.savez(path, left=np.zeros((3, 6)), up=np.zeros((3, 6)))
    specs = [TensorSpec(name, (1, 6), "int8", 1.0, 0) for name in ("left", "right")]
    with pytest.raises(ConfigError, match="no array 'left', 'right' or 'x0', 'x1'"):
        load_samples(path, specs)


def test_load_of_bad_files(tmp_path: Path) -> None:
    good = tmp_path / "good.npz"
    np.savez(good, x=np.zeros((200, 6)))
    np.savez(tmp_path / "other.npz", z=np.zeros(3))
    np.savez(tmp_path / "empty.npz")
    np.savez(tmp_path / "objects.npz", x=np.array([{}, None]))
    np.save(tmp_path / "array.npy", np.zeros(3))
    (tmp_path / "array.npz").write_bytes((tmp_path / "array.npy").read_bytes())
    (tmp_path / "zero.npz").write_bytes(b"")
    (tmp_path / "text.npz").write_text("x = 1\n")
    (tmp_path / "cut.npz").write_bytes(good.read_bytes()[:-40])
    damaged = bytearray(good.read_bytes())
    damaged[300] ^= 0xFF
    (tmp_path / "damaged.npz").write_bytes(damaged)
    for name, expected in {
        "absent.npz": "there is no data file",
        "other.npz": "no array 'x' (it holds z)",
        "empty.npz": "it holds nothing",
        "objects.npz": "not a usable .npz",
        "array.npz": "single array",
        "zero.npz": "not a usable .npz",
        "text.npz": "not a usable .npz",
        "cut.npz": "not a usable .npz",
        "damaged.npz": "not a usable .npz",
        ".": "cannot read",
    }.items():
        with pytest.raises(ConfigError) as caught:
            load_samples(tmp_path / name)
        assert expected in str(caught.value), name
        assert caught.value.hint


def streams(reset: Any, count: int = 4) -> Samples:
    return Samples((np.zeros((count, 6), np.int8),), source="t.npz", reset=reset)


def begins(reset: Any, count: int = 4) -> list[bool]:
    stored = stored_samples(streams(reset, count), (FLAT,), classes(2), stateful=True)
    return [stored.begins_stream(index) for index in range(count)]


def test_samples_of_a_model_with_state_are_one_stream() -> None:
    assert begins(None) == [True, False, False, False]


@pytest.mark.parametrize(
    "reset",
    [np.array([0, 0, 1, 0]), np.array([[0], [0], [1], [0]]), np.array([True, False, True, False])],
)
def test_streams_begin_where_the_file_says(reset: Any) -> None:
    assert begins(reset) == [True, False, True, False]


@pytest.mark.parametrize(
    "reset", [np.array([0, 1]), np.array([0, 0, 2, 0]), np.array(["a"] * 4), np.array(1)]
)
def test_a_reset_that_says_nothing_clear_is_refused(reset: Any) -> None:
    with pytest.raises(ConfigError, match=r"t\.npz: reset is .*, expected \(4,\) of 0 and 1"):
        begins(reset)


def test_samples_without_state_begin_anew_whatever_the_file_says() -> None:
    stored = stored_samples(streams(np.array([1, 0, 0, 0])), (FLAT,), classes(2))
    assert all(stored.begins_stream(index) for index in range(4))


def test_reset_is_read_from_the_file(tmp_path: Path) -> None:
    np.savez(tmp_path / "s.npz", x=np.zeros((2, 6)), reset=np.array([1, 0]))
    reset = load_samples(tmp_path / "s.npz").reset
    assert reset is not None
    assert reset.tolist() == [1, 0]
