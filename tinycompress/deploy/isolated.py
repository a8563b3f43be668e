"""Deployment in a process of its own, with a time limit; its failure does not end a training."""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tinycompress import _isolated
from tinycompress.artifacts import ExactTo
from tinycompress.boards import Board
from tinycompress.deploy.deployment import Deployment, deploy

_REQUEST, _TFLITE = "request.json", "model.tflite"


def deploy_in_subprocess(
    tflite: bytes, board: Board, *, exact_to: ExactTo = "tflm", timeout_s: float = 600.0
) -> Deployment:
    """As `deployment.deploy`, but in another process.

    Args:
        tflite: The int8 model.
        board: What to build for and run on.
        exact_to: Whose arithmetic the firmware reproduces.
        timeout_s: Seconds after which the other process is ended.

    Raises:
        TinyCompressError: As `deployment.deploy`.
        ToolError: The process crashed or took too long.
    """
    with tempfile.TemporaryDirectory(prefix="tinycompress-") as name:
        directory = Path(name)
        request = {"board": board.model_dump(mode="json", by_alias=True), "exact_to": exact_to}
        (directory / _REQUEST).write_text(json.dumps(request), encoding="utf-8")
        (directory / _TFLITE).write_bytes(tflite)
        reply = _isolated.call(
            "tinycompress.deploy.isolated",
            directory,
            timeout_s=timeout_s,
            hint="give it more time, or build the model with `tinycompress build` and look",
        )
    return Deployment(**reply)


def main(directory: Path) -> None:
    """What the other process does."""
    request = json.loads((directory / _REQUEST).read_text(encoding="utf-8"))
    # As read from JSON, lists stand for the tuples of the board file.
    board = Board.model_validate_json(json.dumps(request["board"]))

    def answer() -> dict[str, Any]:
        tflite = (directory / _TFLITE).read_bytes()
        return asdict(deploy(tflite, board, exact_to=request["exact_to"]))

    _isolated.write_reply(directory, answer)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
