"""Forms that users bring their data in, and what is wrong with some."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.compression.classifier import CLASSES, Floats, X, classifier

from tinycompress import _tf
from tinycompress.compression.data.prepare import read_data
from tinycompress.compression.network.read import read_network
from tinycompress.errors import ConfigError

pytestmark = pytest.mark.tf


def test_datasets_generators_and_sequences_are_the_same_data() -> None:
    network = read_network(classifier())
    tf = _tf.tensorflow()

    class Batches(_tf.keras().utils.PyDataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return 4

        def __getitem__(self, index: int) -> tuple[Floats, Floats]:
            part = slice(60 * index, 60 * index + 60)
            return X[part], CLASSES[part]

    def batches() -> Iterator[tuple[Floats, Floats]]:
        for start in range(0, 240, 48):
            yield X[start : start + 48], CLASSES[start : start + 48]

    dataset = tf.data.Dataset.from_tensor_slices((X, CLASSES)).batch(50)
    for source in (dataset, batches(), Batches(), [X, CLASSES], {"x": X, "y": CLASSES}):
        data = read_data(source, network)
        np.testing.assert_array_equal(data.inputs[0], X)
        np.testing.assert_array_equal(data.labels[0], CLASSES)
    with pytest.raises(ConfigError, match="a batch is no pair"):
        read_data(iter([X]), network)
    endless = repeat((np.zeros((900_000, 6), np.float32), np.zeros(900_000)))
    with pytest.raises(ConfigError, match="does the generator ever end"):
        read_data(endless, network)


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    network = read_network(classifier())
    (tmp_path / "junk.npz").write_text("no archive")
    np.savez(tmp_path / "whole.npz", x=X, y=CLASSES)
    whole = bytearray((tmp_path / "whole.npz").read_bytes())
    whole[200] ^= 0xFF  # inside x: its checksum no longer matches
    (tmp_path / "cut.npz").write_bytes(whole)
    for name, words in (
        ("none.npz", "no data file at"), ("junk.npz", "is no .npz file"), ("cut.npz", "is damaged"),
    ):  # fmt: skip
        with pytest.raises(ConfigError, match=f"{name}|{words}") as caught:
            read_data(tmp_path / name, network, what="training data")
        assert words in caught.value.message
    np.testing.assert_array_equal(read_data(tmp_path / "whole.npz", network).inputs[0], X)


BAD = [
    ((np.full((4, 6), "a"), np.zeros(4, int)), "x has dtype <U1; allowed: numbers"),
    ((X[:4], np.array(["a"] * 4)), "y has dtype <U1; allowed: numbers"),
    ((1j * X[:4], CLASSES[:4]), "x has dtype complex64; allowed: numbers"),
    ((X[:4], 3), "y is a single value; allowed: one per sample"),
    (([[1.0, 2.0], [3.0]], CLASSES[:2]), "x is no array"),
    (iter([(X[:4], CLASSES[:4]), (X[:4, :3], CLASSES[:4])]), "batches differ in shape"),
    (iter([(X[:4], CLASSES[:4]), (3.0, 1)]), "a batch holds a single value"),
]


@pytest.mark.parametrize(("source", "words"), BAD, ids=[words for _, words in BAD])
def test_what_is_no_data_is_told(source: Any, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_data(source, read_network(classifier()), what="training data")
    assert f"training data: {words}" in caught.value.message


def test_several_inputs_and_outputs_come_from_one_file(tmp_path: Path) -> None:
    keras = _tf.keras()
    left, right = keras.Input((6,), name="left"), keras.Input((2,), name="right")
    outputs = [keras.layers.Dense(3)(left), keras.layers.Dense(1)(right)]
    network = read_network(keras.Model([left, right], outputs))
    labels = {"y0": CLASSES, "y1": X[:, :1]}
    for names in (("x0", "x1"), ("left", "right")):
        arrays: dict[str, Any] = {names[0]: X, names[1]: X[:, :2], **labels}
        np.savez(tmp_path / "data.npz", **arrays)
        for source in (tmp_path / "data.npz", dict(np.load(tmp_path / "data.npz"))):
            data = read_data(source, network)
            assert [array.shape for array in data.inputs] == [(240, 6), (240, 2)]
            np.testing.assert_array_equal(data.labels[0], CLASSES)
            np.testing.assert_array_equal(data.labels[1], X[:, :1])
    for missing, words in (
        ("right", "it holds left, y0, y1; needed: x0, x1 or left, right"),
        ("y1", "it holds left, right, y0; needed: y0, y1"),
    ):
        given = {"left": X, "right": X[:, :2], **labels}
        del given[missing]
        with pytest.raises(ConfigError, match=words):
            read_data(given, network)
