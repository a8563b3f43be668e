"""Finding Arduino's command-line program, which compiles and uploads sketches."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tinycompress.errors import ToolError

VARIABLE = "TC_ARDUINO_CLI"
INSTALL_HINT = (
    "install it (https://arduino.github.io/arduino-cli/) and put it on PATH, or name it in "
    f"{VARIABLE}; the project's README.md has the commands to run by hand"
)


def find_arduino_cli() -> Path | None:
    """The program that ``TC_ARDUINO_CLI`` names, else the one on PATH; None if there is none.

    Raises:
        ToolError: The variable names no program.
    """
    chosen = os.environ.get(VARIABLE)
    found = shutil.which(chosen or "arduino-cli")
    if found is None and chosen is not None:
        raise ToolError(f"{VARIABLE} names no program: {chosen!r}", hint=f"unset {VARIABLE}")
    return None if found is None else Path(found)


def require_arduino_cli() -> Path:
    """As `find_arduino_cli`, but it must be there.

    Raises:
        ToolError: It is not installed.
    """
    found = find_arduino_cli()
    if found is None:
        raise ToolError("arduino-cli is not installed", hint=INSTALL_HINT)
    return found
