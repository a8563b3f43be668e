"""Samples of callbacks in the forms that Keras users have them, of several outputs too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tinycompress.callbacks.samples import as_source
from tinycompress.errors import ConfigError

X = np.zeros((6, 3), np.float32)
Y = np.arange(6)
ROWS = np.eye(6)


@pytest.mark.parametrize(
    ("given", "shapes"),
    [
        ((X, Y), {"x": (6, 3), "y": (6,)}),
        ((X, list(Y)), {"x": (6, 3), "y": (6,)}),
        ((X, ROWS.tolist()), {"x": (6, 3), "y": (6, 6)}),
        ((X, [Y, ROWS]), {"x": (6, 3), "y0": (6,), "y1": (6, 6)}),
        (([X, X], (Y, Y)), {"x0": (6, 3), "x1": (6, 3), "y0": (6,), "y1": (6,)}),
        (({"a": X, "b": X}, Y), {"a": (6, 3), "b": (6, 3), "y": (6,)}),
        ((X,), {"x": (6, 3)}),
    ],
)
def test_forms_of_samples(given: Any, shapes: dict[str, tuple[int, ...]]) -> None:
    found = as_source(given, what="evaluation")
    assert isinstance(found, dict)
    assert {name: array.shape for name, array in found.items()} == shapes


def test_rows_of_a_list_are_no_outputs() -> None:
    found = as_source((X, [row[:5] for row in ROWS]), what="evaluation")
    assert isinstance(found, dict)
    assert found["y"].shape == (6, 5)


def test_labels_by_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="labels by name") as caught:
        as_source((X, {"kind": Y}), what="evaluation")
    assert "order of the model's outputs" in (caught.value.hint or "")
