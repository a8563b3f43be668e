"""Models that certainly do not fit a board, refused before the compiler runs.

Only certainties: the linker has the last word on what is close.
"""

from __future__ import annotations

from tinycompress.artifacts import GeneratedSources
from tinycompress.boards import Board, list_boards
from tinycompress.errors import DoesNotFitError


def arena_max_bytes(board: Board) -> int:
    """Bytes that an arena can have at most: its region, less the stack where both share one.

    The firmware's own static data (about 4 KiB) come off that too where they share the region; the
    linker, which knows their size, checks that.
    """
    region = board.region_for("arena")
    stack = board.budget.stack_bytes if "stack" in region.holds else 0
    return region.length - stack


def weights_max_bytes(board: Board) -> int:
    """Bytes of flash that code and weights share."""
    return board.region_for("code").length


def check_fit(sources: GeneratedSources, board: Board) -> None:
    """Refuse a model that cannot fit.

    Raises:
        DoesNotFitError: Weights exceed the flash or the arena exceeds the RAM that there is for it;
            names the layer at the peak, both sizes, and boards that are large enough.
    """
    found = []
    flash_excess = sources.weights_bytes - weights_max_bytes(board)
    if flash_excess > 0:
        found.append(
            f"the weights take {sources.weights_bytes:,} bytes, {flash_excess:,} more than the "
            f"{weights_max_bytes(board):,} bytes of flash"
        )
    ram_excess = sources.arena_bytes - arena_max_bytes(board)
    if ram_excess > 0:
        found.append(
            f"the arena takes {sources.arena_bytes:,} bytes (peak at layer "
            f"{sources.peak_layer!r}), {ram_excess:,} more than the {arena_max_bytes(board):,} "
            f"bytes that memory region {board.region_for('arena').name} has for it"
        )
    if found:
        raise DoesNotFitError(
            "\n  - ".join((f"the model does not fit {board.name}", *found)),
            hint=_hint(sources, board),
        )


def _hint(sources: GeneratedSources, board: Board) -> str:
    large_enough = [
        other
        for other in list_boards()
        if other.id != board.id
        and sources.weights_bytes <= weights_max_bytes(other)
        and sources.arena_bytes <= arena_max_bytes(other)
    ]
    real = [other.id for other in large_enough if other.kind == "hardware"]
    if real:
        return f"large enough: {', '.join(real)}; or make the model smaller"
    if large_enough:
        names = ", ".join(other.id for other in large_enough)
        return f"large enough, but emulated only: {names}; for a real board make the model smaller"
    return "no shipped board is large enough; make the model smaller"
