"""What every flashing driver is given and must do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tinycompress._progress import Progress
from tinycompress.boards import Board
from tinycompress.device.ports import SerialPort
from tinycompress.errors import FlashError


class NotPossibleError(FlashError):
    """A method cannot be used now: its program is missing, or it does not see the board.

    Nothing was written, so the next method may be tried.
    """


@dataclass(frozen=True)
class FlashJob:
    """One image to one board.

    ``images`` maps kinds (elf, bin, hex, uf2) to files. ``port`` is the board's serial port, where
    it is known: its USB serial number is also that of a debug probe on the board. ``alone`` is
    False if more boards with the same USB ids are plugged in, so that tools must be told which.
    """

    board: Board
    images: Mapping[str, Path]
    port: SerialPort | None
    alone: bool
    progress: Progress

    def image(self, kind: str) -> Path:
        """The file of one kind.

        Raises:
            FlashError: The build has none.
        """
        if kind not in self.images:
            raise FlashError(
                f"the build has no .{kind} image (it has: {', '.join(sorted(self.images))})",
                hint="build the project again with this version of tinycompress",
            )
        return self.images[kind]

    @property
    def serial_number(self) -> str | None:
        """USB serial number of the board or its probe, if known."""
        return None if self.port is None else self.port.serial_number


class Flasher(Protocol):
    """A driver, made from one ``flash`` table of a board file."""

    def flash(self, job: FlashJob) -> None:
        """Write the image, and start it.

        Raises:
            NotPossibleError: Nothing was written; another method may be tried.
            FlashError: It began and failed; what is on the board is not known.
        """
