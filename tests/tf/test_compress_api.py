"""``tinycompress.compress`` as a function: accuracy is counted on as many samples as asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tinycompress
from tinycompress import _tf
from tinycompress.errors import ConfigError

pytestmark = pytest.mark.tf
SAMPLES = 601
RECIPE = """
schema = 1
name = "quick"
description = "One stage without training."

[limits]
max_accuracy_drop = 1.0

[[stage]]
kind = "prune"
sparsity = 0.5
fine_tune = { epochs = 0 }
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A linear classifier whose labels are all its own answers but the last sample's."""
    directory = tmp_path_factory.mktemp("api")
    keras = _tf.keras()
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="out")])
    weights = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.1, 0.1, 0.1]], np.float32)
    model.layers[0].set_weights([weights, np.zeros(3, np.float32)])
    model.save(directory / "model.keras")
    labels = np.arange(SAMPLES) % 3
    x = np.eye(4, dtype=np.float32)[labels]
    labels[300] = (labels[300] + 1) % 3
    np.savez(directory / "data.npz", x=x, y=labels)
    (directory / "quick.toml").write_text(RECIPE)
    return directory


def test_all_validation_samples_are_counted_when_none_is_the_limit(files: Path) -> None:
    data = files / "data.npz"
    result = tinycompress.compress(
        files / "model.keras", files / "quick.toml", data, val=data, evaluation_samples=None
    )
    # One of 601 is wrong; a selection would count a share with another denominator.
    assert result.rows[0].int8_accuracy == pytest.approx((SAMPLES - 1) / SAMPLES, abs=1e-12)
    assert result.rows[0].float_accuracy == result.rows[0].int8_accuracy


def test_no_samples_are_refused(files: Path) -> None:
    with pytest.raises(ConfigError, match="evaluation_samples is 0"):
        tinycompress.compress(
            files / "model.keras",
            files / "quick.toml",
            files / "data.npz",
            evaluation_samples=0,
        )
