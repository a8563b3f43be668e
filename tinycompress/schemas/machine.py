"""``boards --json``, ``boards show --json``, ``ports --json`` and ``doctor --json``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tinycompress.boards.schema import Board
from tinycompress.schemas.base import Output, Part


class BoardsAnswer(Output):
    """All shipped boards, as their files say it."""

    schema_: Literal["tinycompress.boards"] = Field(alias="schema")
    boards: list[Board]


class BoardAnswer(Output):
    """One board, as its file says it."""

    schema_: Literal["tinycompress.board"] = Field(alias="schema")
    board: Board


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


class DoctorAnswer(Output):
    """Tools that are there, missing or broken."""

    schema_: Literal["tinycompress.doctor"] = Field(alias="schema")
    findings: list[Finding]
