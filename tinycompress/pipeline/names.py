"""What files and directories are called when the user names none."""

from __future__ import annotations

import re
from pathlib import Path

from tinycompress.boards import Board
from tinycompress.conversion.c_names import identifier


def model_name(model: str | Path) -> str:
    """Name of a model for people and files: its file name without the suffix."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", Path(model).resolve().stem) or "model"


def c_name(model: str | Path, chosen: str | None) -> str:
    """What C calls a model: the name that was chosen, else its file's, as an identifier.

    Raises:
        ConfigError: No identifier can be made of it.
    """
    name = identifier(model_name(model) if chosen is None else chosen)
    # tcm_NAME_weights.c is the file of the weights of a model NAME.
    return f"{name}_model" if name.lower().endswith("_weights") else name


def default_directory(model: str | Path, board: Board) -> Path:
    """Directory that `build` uses when none is named: after model and board, where the user is."""
    short = min((board.id, *board.aliases), key=len)
    return Path(f"{model_name(model)}-{short}")
