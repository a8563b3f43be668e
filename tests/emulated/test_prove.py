"""The proof by one run: it passes for firmware that is right, and only for that."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.models.tflite_files import pack as pack_model
from support.models.tflite_files import small_cnn, unpack

from tinycompress import pipeline
from tinycompress.boards import load_board
from tinycompress.device.connect import open_link
from tinycompress.errors import MismatchError
from tinycompress.measurement.prove import prove


def other_weights() -> bytes:
    """The small CNN with its last weights turned round: the same shapes, other outputs."""
    model = unpack(small_cnn())
    weights = next(t for t in model.subgraphs[0].tensors if t.name in (b"weights", "weights"))
    buffer = model.buffers[weights.buffer]
    buffer.data = buffer.data[::-1].copy()
    return pack_model(model)


def test_firmware_is_proven_by_its_own_model_only(tmp_path: Path) -> None:
    path = tmp_path / "cnn.tflite"
    path.write_bytes(small_cnn())
    built = pipeline.build(path, "mps2_an386", output=tmp_path / "project").require_firmware()
    board = load_board("mps2_an386")
    for tflite, right in ((small_cnn(), True), (other_weights(), False)):
        link = open_link(board, built.elf)
        try:
            if right:
                prove(built, board, link, tflite)
            else:
                with pytest.raises(MismatchError, match="not those of the tflm oracle"):
                    prove(built, board, link, tflite)
        finally:
            link.close()
