"""What a user reads of every real model that is refused: named, short, with a hint that helps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.models.collection import Collection

from tinycompress.artifacts import ExactTo
from tinycompress.boards import load_board
from tinycompress.errors import ModelError
from tinycompress.options import BuildOptions
from tinycompress.pipeline.verdict import require_engine

MOST_LINES = 20
HELPS = ("convert the Keras model", "use the original .tflite", "replace the layers")


@pytest.mark.shared
@pytest.mark.parametrize("exact_to", ["tflm", "litert"])
def test_every_refusal_of_the_collection(shared_data: Collection, exact_to: ExactTo) -> None:
    shared_data.require_whole()
    found = dict(_refused(shared_data, exact_to))
    assert len(found) > 20
    for path, error in found.items():
        assert 1 <= len(error.reasons) <= MOST_LINES, path
        for reason in error.reasons:
            assert "''" not in reason, path
            assert "op " in reason or reason.startswith(("input '", "output '")), path
        assert error.hint is not None, path
        _follow(error.hint, path.read_bytes())


def _refused(collection: Collection, exact_to: ExactTo) -> Iterator[tuple[Path, ModelError]]:
    board = load_board("nano33")
    for path in sorted(collection.file("models").rglob("*.tflite")):
        try:
            require_engine(path.read_bytes(), board, BuildOptions(exact_to=exact_to))
        except ModelError as error:
            yield path, error


def _follow(hint: str, tflite: bytes) -> None:
    """A hint that names an option is one that works."""
    board = load_board("nano33")
    if "--engine tflm" in hint:
        require_engine(tflite, board, BuildOptions(engine="tflm"))
    elif "--exact-to tflm" in hint:
        require_engine(tflite, board, BuildOptions(exact_to="tflm"))
    elif "--exact-to litert" in hint:
        require_engine(tflite, board, BuildOptions(exact_to="litert"))
    else:
        assert hint.startswith(HELPS)
