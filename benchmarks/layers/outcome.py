"""What came of a network in a column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["exact", "refused", "absent", "unmade", "wrong"]
"""``absent``: the column's framework has no such layer; ``unmade``: its own tools fail on it."""


@dataclass(frozen=True)
class Answer:
    """One step's end: ``kind``, and the sentence of a refusal with its hint."""

    kind: Kind
    text: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Cell:
    """A cell of the table.

    Attributes:
        row: Name of the case.
        column: Of the table.
        made: What conversion and, if it went well, the emulated board came to.
        runtime: Whose arithmetic it is exact to.
        signal_to_noise_db: Of the integers against the float model, the worst output's.
        compressed: What a recipe came to; None: the column has no compression.
        commit: The product's, short.
        product: Digest of the product's sources.
    """

    row: str
    column: str
    made: Answer
    runtime: str = ""
    signal_to_noise_db: float | None = None
    compressed: Answer | None = None
    commit: str = ""
    product: str = ""
