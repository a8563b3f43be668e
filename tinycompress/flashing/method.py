"""What a way to flash is: the keys of its table in a board file, and what is done with them.

As in Zephyr's west, where a runner declares its options and carries them out in one class.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, get_args

from tinycompress._progress import Progress
from tinycompress._serial_ports import SerialPort
from tinycompress._tables import Table, UsbId
from tinycompress.errors import FlashError
from tinycompress.flashing.tools import Program, PythonPackage


@dataclass(frozen=True)
class FlashJob:
    """One image to one board.

    ``images`` maps kinds (elf, bin, hex, uf2) to files. ``port`` is the board's serial port, where
    it is known: its USB serial number is also that of a debug probe on the board. ``alone`` is
    False if more boards with the same USB ids are plugged in, so that tools must be told which.
    """

    board_name: str
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


@dataclass(frozen=True)
class MethodDocs:
    """What the pages say of a method, in Markdown: docs/flashing.md and docs/adding-a-board.md."""

    program: str
    command: str
    verified_by: str
    keys: str = ""


class FlashMethod(Table):
    """One ``flash`` table of a board file. A method is a subclass, in a file of its own.

    A subclass narrows ``method`` to its name and ``image`` to the kinds of image that it takes, and
    declares further keys as fields. Its line in ``METHODS`` makes it known everywhere: to board
    files, ``flash --method``, ``doctor``, projects' README.md and the pages' tests.
    """

    TOOL: ClassVar[Program | PythonPackage | None] = None
    """What must be installed for it."""
    DOCS: ClassVar[MethodDocs]

    method: str
    image: str

    @classmethod
    def name(cls) -> str:
        """What board files and ``--method`` call it."""
        (name,) = get_args(cls.model_fields["method"].annotation)
        return str(name)

    def problems(self) -> Iterator[str]:
        """What its keys must say of one another: a sentence for each rule that is broken."""
        yield from ()

    def running_usb_ids(self) -> tuple[UsbId, ...]:
        """USB ids of a port of the board's that only a running program shows."""
        return ()

    def waiting_usb_ids(self) -> tuple[UsbId, ...]:
        """USB ids of a port on which a boot loader waits for a program."""
        return ()

    def uf2_family(self) -> int | None:
        """Family id of the UF2 file that a build has to make for it."""
        return None

    @abstractmethod
    def by_hand(self) -> str:
        """How a person does it in a built project, in Markdown, for the project's README.md."""

    @abstractmethod
    def flash(self, job: FlashJob) -> None:
        """Write the image, and start it.

        Raises:
            NotPossibleError: Nothing was written; another method may be tried.
            FlashError: It began and failed; what is on the board is not known.
        """
