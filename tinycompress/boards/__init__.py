"""Boards are data: one TOML file each, checked as a whole."""

from __future__ import annotations

from tinycompress.boards.loader import list_boards, load_board
from tinycompress.boards.schema import Board

__all__ = ["Board", "list_boards", "load_board"]
