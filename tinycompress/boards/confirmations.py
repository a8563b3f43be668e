"""Boards that their owners have seen run: what a confirmation says, and those that are shipped.

``tinycompress confirm`` writes one file for a board; `boards/confirmations/` holds those that
owners have sent. A run counts on silicon alone, and if every output was the oracle's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from tinycompress._resources import boards_dir
from tinycompress._tables import Table
from tinycompress.artifacts import BuiltBy, Machine
from tinycompress.errors import BoardError

SCHEMA: Literal["tinycompress.confirmation"] = "tinycompress.confirmation"
SCHEMA_VERSION: Literal[1] = 1
_DIRECTORY = "confirmations"

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0)]
Person = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{0,80}$")]


class Firmware(Table):
    """What ran. ``model_sha256`` is of the ``.tflite``."""

    model_sha256: Sha256
    elf_sha256: Sha256
    build_id: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
    toolchain: BuiltBy
    toolchain_version: str
    tinycompress: str


class Cycles(Table):
    """Core cycles of an inference: over the measured runs, and what the emulator models.

    ``modelled`` leaves out the flash's wait states, ``modelled_upper_bound`` has all of them; None
    where the emulator cannot run the board, or its flash does not wait.
    """

    median: Annotated[float, Field(ge=0)]
    min: Annotated[float, Field(ge=0)]
    max: Annotated[float, Field(ge=0)]
    runs: Count
    modelled: Annotated[float, Field(ge=0)] | None
    modelled_upper_bound: Count | None


class Clock(Table):
    """Frequency of the tick counter by the board file and by the host's clock."""

    expected_hz: Annotated[float, Field(gt=0)]
    measured_hz: Annotated[float, Field(gt=0)]
    uncertainty: Annotated[float, Field(ge=0)]


class Memory(Table):
    """Bytes of RAM and flash; ``stack_peak_bytes`` is what the board has seen."""

    arena_bytes: Count
    static_bytes: Count
    stack_reserved_bytes: Count
    stack_peak_bytes: Count | None
    flash_bytes: Count


class Confirmation(Table):
    """One run of the reference model on one board.

    ``by`` is whom the owner wants named, empty for nobody; ``date`` is a day in UTC. ``clock`` and
    ``cycles`` are None where they could not be had.
    """

    schema_: Literal["tinycompress.confirmation"] = Field(alias="schema")
    schema_version: Literal[1]
    board: str
    by: Person
    date: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]
    machine: Machine
    counts: bool
    firmware: Firmware
    cycles: Cycles | None
    clock: Clock | None
    memory: Memory
    samples: Count
    mismatched_samples: Count | None

    @property
    def deserves_to_count(self) -> bool:
        """Whether silicon gave the oracle's outputs, whatever ``counts`` says."""
        return self.machine == "silicon" and self.samples > 0 and self.mismatched_samples == 0


def read_confirmation(path: Path) -> Confirmation:
    """Read one file.

    Raises:
        BoardError: It cannot be read, is no confirmation, or claims to count and should not.
    """
    try:
        found = Confirmation.model_validate_json(path.read_bytes())
    except OSError as error:
        raise BoardError(f"cannot read {path}: {error.strerror or error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise BoardError(
            f"{path} is no confirmation of a board: {place}: {first['msg']}",
            hint="tinycompress confirm --port PORT writes one",
        ) from error
    if found.counts != found.deserves_to_count:
        raise BoardError(
            f"{path} was edited: it says {'that' if found.counts else 'not that'} it counts, "
            f"against its own figures (machine {found.machine!r}, {found.mismatched_samples} of "
            f"{found.samples} samples differ)"
        )
    return found


def list_confirmations(directory: Path | None = None) -> tuple[Confirmation, ...]:
    """Every confirmation that is shipped, in order of board and date.

    Args:
        directory: Where the ``.json`` files are; the shipped ones by default.

    Raises:
        BoardError: A file has problems, or is of a run that does not count.
    """
    where = boards_dir() / _DIRECTORY if directory is None else directory
    found = []
    for path in sorted(where.glob("*.json")):
        one = read_confirmation(path)
        if not one.counts:
            raise BoardError(f"{path} confirms nothing: it is of a run that does not count")
        found.append(one)
    return tuple(sorted(found, key=lambda one: (one.board, one.date, one.by)))
