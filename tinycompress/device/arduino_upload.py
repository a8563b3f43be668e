"""arduino-cli's upload, for sketches: it knows the board's boot loader, and what talks to that.

Source: arduino-cli command reference, ``arduino-cli upload`` (``--fqbn``, ``--input-dir``,
``--port``).
"""

from __future__ import annotations

from pathlib import Path

from tinycompress._arduino_cli import require_arduino_cli
from tinycompress._progress import Progress, no_progress
from tinycompress.errors import FlashError, ToolError
from tinycompress.flashing.tools import last_words, run_program

METHOD = "arduino-cli"

_TIMEOUT_S = 300.0
_HINT = "close serial monitors and IDEs; press the board's reset button twice quickly and try again"


def upload_sketch(
    sketch: Path, build: Path, *, fqbn: str, port: str, progress: Progress = no_progress
) -> None:
    """Upload what was compiled to a board.

    Args:
        sketch: The sketch's directory.
        build: Directory with the compiled binaries.
        fqbn: What Arduino calls the board.
        port: The board's own serial port.
        progress: Told what is under way.

    Raises:
        FlashError: There is no arduino-cli, or it fails; with its own last words.
    """
    try:
        program = require_arduino_cli()
    except ToolError as error:
        raise FlashError(error.message, hint=error.hint) from error
    progress(f"upload by arduino-cli through {port}")
    argv = (
        program, "upload", "--fqbn", fqbn, "--port", port, "--input-dir", build.resolve(),
        sketch.resolve(),
    )  # fmt: skip
    done = run_program(argv, timeout_s=_TIMEOUT_S, hint=_HINT)
    if done.exit_code != 0:
        raise FlashError(f"arduino-cli failed: {last_words(done)}", hint=_HINT)
