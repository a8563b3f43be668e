"""Calibration data: what is refused, with which words, and which samples are drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinycompress.conversion.calibrate import (
    Samples,
    choose,
    class_labels,
    read_samples,
    thin_warnings,
)
from tinycompress.conversion.frozen import InputSpec
from tinycompress.errors import ConfigError

IMAGE = InputSpec("image", (None, 4, 4, 1))
GENERATOR = np.random.default_rng(0)
GOOD = GENERATOR.random((6, 4, 4, 1), dtype=np.float32)


def _with(index: int, value: float) -> np.ndarray:
    values: np.ndarray = GOOD.copy()
    values[index, 1, 2, 0] = value
    return values


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (GOOD[:, :3], r"shape \(6, 3, 4, 1\); input 'image' expects \(n, 4, 4, 1\)"),
        (GOOD[0], r"shape \(4, 4, 1\)"),
        (np.float32(1.0), r"shape \(\)"),
        (GOOD[:0], "empty"),
        (_with(2, np.nan), r"1 values that are NaN.*first at index \(2, 1, 2, 0\)"),
        (_with(3, -np.inf), r"first at index \(3, 1, 2, 0\)"),
        (_with(0, 1.0).astype(np.float64) * 1e300, "beyond float32"),
        (np.full((6, 4, 4, 1), 7, np.uint8), "constant: every value is 7"),
        (np.repeat(GOOD[:1], 6, axis=0), "same sample 6 times"),
        (GOOD.astype(np.complex64), "dtype complex64"),
        (GOOD.astype(str), "dtype <U"),
    ],
)
def test_unusable_samples_are_refused(x: np.ndarray, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_samples({"x": x}, [IMAGE])


def test_one_sample_gets_its_own_hint() -> None:
    with pytest.raises(ConfigError) as caught:
        read_samples(GOOD[0], [IMAGE])
    assert caught.value.hint is not None
    assert "stack" in caught.value.hint


def test_values_are_taken_as_they_are() -> None:
    pixels = GENERATOR.integers(0, 256, (6, 4, 4, 1), dtype=np.uint8)
    samples = read_samples({"x": pixels, "y": np.arange(6)}, [IMAGE])
    assert samples.inputs[0].dtype == np.float32
    np.testing.assert_array_equal(samples.inputs[0], pixels)
    assert set(samples.labels) == {"y"}


def test_trailing_channel_axis_may_be_left_out() -> None:
    samples = read_samples(GOOD[..., 0], [IMAGE])
    np.testing.assert_array_equal(samples.inputs[0], GOOD)


def test_unknown_dimensions_take_any_size() -> None:
    samples = read_samples(GOOD, [InputSpec("image", (None, None, None, 1))])
    assert samples.inputs[0].shape == GOOD.shape


def test_several_inputs_go_by_name_or_by_number() -> None:
    specs = [InputSpec("audio", (None, 3)), InputSpec("motion", (None, 2))]
    audio, motion = GENERATOR.random((5, 3)), GENERATOR.random((5, 2))
    by_name = read_samples({"motion": motion, "audio": audio}, specs)
    by_number = read_samples({"x0": audio, "x1": motion}, specs)
    for one, other in zip(by_name.inputs, by_number.inputs, strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(ConfigError, match="lacks 'audio', 'motion' or 'x0', 'x1'; it has: 'x'"):
        read_samples({"x": audio}, specs)


@pytest.mark.parametrize("y", [np.arange(5), np.int64(3)])
def test_labels_need_the_same_length(y: Any) -> None:
    with pytest.raises(ConfigError, match="different numbers of samples"):
        read_samples({"x": GOOD, "y": y}, [IMAGE])


def test_missing_key_names_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "calib.npz"
    np.savez(path, images=GOOD, labels=np.arange(6))
    with pytest.raises(ConfigError, match=r"calib\.npz lacks 'x'; it has: 'images', 'labels'"):
        read_samples(path, [IMAGE])


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 and then nothing", b"x,y\n1,2\n"], ids=["empty", "cut", "csv"]
)
def test_files_that_are_no_npz(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "calib.npz"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"not a usable \.npz file"):
        read_samples(path, [IMAGE])


def test_every_cut_of_a_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "calib.npz"
    np.savez_compressed(path, x=GOOD)
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(ConfigError):
            read_samples(path, [IMAGE])


def test_flipped_bytes_are_errors_or_harmless(tmp_path: Path) -> None:
    path = tmp_path / "calib.npz"
    np.savez_compressed(path, x=GOOD)
    whole = path.read_bytes()
    for position in range(0, len(whole), 3):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0xFF]) + whole[position + 1 :])
        try:
            samples = read_samples(path, [IMAGE])
        except ConfigError:
            continue
        np.testing.assert_array_equal(samples.inputs[0], GOOD)


def test_missing_file_single_array_and_pickle(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no data file"):
        read_samples(tmp_path / "none.npz", [IMAGE])
    np.save(tmp_path / "x.npy", GOOD)
    with pytest.raises(ConfigError, match="single array"):
        read_samples(tmp_path / "x.npy", [IMAGE])
    np.savez(tmp_path / "objects.npz", x=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ConfigError, match="not a usable"):
        read_samples(tmp_path / "objects.npz", [IMAGE])


@given(
    counts=st.lists(st.integers(1, 40), min_size=1, max_size=6),
    wanted=st.integers(1, 60),
    seed=st.integers(0, 2**31),
)
def test_drawing_is_repeatable_and_balanced(counts: list[int], wanted: int, seed: int) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    x = np.arange(len(labels), dtype=np.float32)[:, np.newaxis]
    samples = Samples("test", (x,), {"y": labels})
    drawn, again = choose(samples, wanted, seed), choose(samples, wanted, seed)
    np.testing.assert_array_equal(drawn.inputs[0], again.inputs[0])
    assert len(drawn) == min(wanted, len(labels))
    assert len(np.unique(drawn.inputs[0])) == len(drawn)
    got = np.bincount(drawn.labels["y"], minlength=len(counts))
    # No class is short of samples while another has two more than it.
    for have, available in zip(got, counts, strict=True):
        assert have == available or have >= got.max() - 1


def test_other_seeds_draw_others() -> None:
    samples = Samples("test", (np.arange(1000, dtype=np.float32)[:, np.newaxis],))
    one, other = choose(samples, 100, 0), choose(samples, 100, 1)
    assert not np.array_equal(one.inputs[0], other.inputs[0])


@pytest.mark.parametrize(
    ("targets", "labels"),
    [
        (np.array([2, 0, 1], np.uint8), [2, 0, 1]),
        (np.array([[2], [0], [1]]), [2, 0, 1]),
        (np.array([2.0, 0.0, 1.0]), [2, 0, 1]),
        (np.array([True, False, True]), [1, 0, 1]),
        (np.eye(3)[[2, 0, 1]], [2, 0, 1]),
        (np.array([0.5, 1.0, 2.0]), None),
        (np.array([-1, 0, 1]), None),
        (np.array([[1, 1, 0], [0, 0, 1], [1, 0, 0]]), None),
        (np.zeros((3, 4, 4)), None),
        (np.array(["a", "b", "c"]), None),
    ],
)
def test_class_labels(targets: np.ndarray, labels: list[int] | None) -> None:
    found = class_labels(targets)
    assert (None if found is None else found.tolist()) == labels


def test_thin_sets_earn_a_warning() -> None:
    assert "only 6 calibration samples" in thin_warnings(Samples("c.npz", (GOOD,)))[0]
    assert thin_warnings(Samples("c.npz", (np.zeros((100, 1), np.float32),))) == ()
