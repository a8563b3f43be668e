"""What files and directories are called when the user names none."""

from __future__ import annotations

import re
from pathlib import Path

from tinycompress.boards import Board


def model_name(model: str | Path) -> str:
    """Name of a model for people and files: its file name without the suffix."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", Path(model).resolve().stem) or "model"


def default_directory(model: str | Path, board: Board) -> Path:
    """Directory that `build` uses when none is named: after model and board, where the user is."""
    short = min((board.id, *board.aliases), key=len)
    return Path(f"{model_name(model)}-{short}")
