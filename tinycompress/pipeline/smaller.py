"""What a user can do about a model whose arena does not fit a board."""

from __future__ import annotations

from dataclasses import replace

from tinycompress.artifacts import GeneratedSources
from tinycompress.boards import Board
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.errors import DoesNotFitError
from tinycompress.firmware.fit import arena_max_bytes
from tinycompress.ir.graph import Model

_STATIC_BYTES = 4096
"""What the firmware's own data take at most, which may share the arena's RAM."""


def with_offer(
    error: DoesNotFitError,
    model: Model,
    sources: GeneratedSources,
    board: Board,
    options: CodegenOptions,
) -> DoesNotFitError:
    """The error with a RAM budget that would fit, if the model can be computed within it.

    Args:
        error: What was found not to fit.
        model: The model.
        sources: What was generated for it.
        board: The board that it does not fit.
        options: What it was generated with.
    """
    budget = arena_max_bytes(board) - _STATIC_BYTES
    if options.ram_budget_bytes is not None or not 0 < budget < sources.arena_bytes:
        return error
    # How layers share kernels for flash has no say in the arena, and no place in the offer.
    optimize = "speed" if options.optimize == "flash" else options.optimize
    try:
        smaller = generate(model, replace(options, ram_budget_bytes=budget, optimize=optimize))
    except DoesNotFitError as impossible:
        hint = f"by patches, {impossible.hint}"
    else:
        hint = f"--ram-budget {budget} makes the arena fit: {'; '.join(smaller.trades)}"
    return DoesNotFitError(error.message, hint=f"{hint}; {error.hint}" if error.hint else hint)
