"""``boards``, ``boards show``, ``confirm``, ``ports``, ``doctor`` and ``init``, with ``--json``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tinycompress.artifacts import Machine, TemplateName
from tinycompress.boards.confirmations import Clock, Confirmation, Cycles, Firmware, Memory
from tinycompress.boards.schema import Board
from tinycompress.schemas.base import Count, Output, Part


class BoardsAnswer(Output):
    """All shipped boards, as their files say it."""

    schema_: Literal["tinycompress.boards"] = Field(alias="schema")
    boards: list[Board]
    confirmations: list[Confirmation]
    """Files of owners who measured one of them on silicon, the newest of each board."""


class BoardAnswer(Output):
    """One board, as its file says it."""

    schema_: Literal["tinycompress.board"] = Field(alias="schema")
    board: Board
    confirmations: list[Confirmation]
    """Files of owners who measured it on silicon."""


class ConfirmAnswer(Output):
    """One run of the reference model on one board: what `confirm` writes."""

    schema_: Literal["tinycompress.confirmation"] = Field(alias="schema")
    board: str
    by: str
    """Whom the owner wants named, empty for nobody."""
    date: str
    """A day in UTC, such as 2026-11-30."""
    machine: Machine
    counts: bool
    """Whether silicon gave the oracle's outputs."""
    firmware: Firmware
    cycles: Cycles | None
    clock: Clock | None
    memory: Memory
    samples: Count
    mismatched_samples: Count | None


class PortOwner(Part):
    """A board that a port may belong to."""

    id: str
    role: str


class Port(Part):
    """A serial port of this machine."""

    device: str
    description: str
    usb_id: str | None
    """vendor:product in hexadecimal."""
    serial_number: str | None
    location: str | None
    boards: list[PortOwner]


class PortsAnswer(Output):
    """All serial ports, each with the boards that it may belong to."""

    schema_: Literal["tinycompress.ports"] = Field(alias="schema")
    ports: list[Port]


class Finding(Part):
    """What the doctor says of one tool or board."""

    name: str
    status: Literal["ok", "missing", "broken"]
    version: str | None
    detail: str | None
    hint: str | None


class ResolvedOption(Part):
    """An option as commands take it without a flag."""

    option: str
    """As the settings file spells it."""
    commands: list[str]
    value: str
    """In words; "-" where there is none."""
    source: Literal["file", "environment", "board", "default"]
    where: str
    """Its key in the file, the variable or the board; empty for a default."""


class DoctorAnswer(Output):
    """Tools that are there, missing or broken, and what a project's options resolve to."""

    schema_: Literal["tinycompress.doctor"] = Field(alias="schema")
    findings: list[Finding]
    settings_file: str | None = None
    """The tinycompress.toml that was found."""
    options: list[ResolvedOption] | None = None
    """Not there if the settings file has problems, which ``error`` tells."""


class InitAnswer(Output):
    """A project that was started."""

    schema_: Literal["tinycompress.init"] = Field(alias="schema")
    directory: str
    template: TemplateName
    board: str
    files: list[str]
    """What was written, relative to the directory."""
