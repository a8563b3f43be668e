"""What goes wrong inside the emulated machine, before it has a name and a function for the user."""

from __future__ import annotations


class BusFault(Exception):  # noqa: N818  (the architecture's term)
    """An access that the machine must not make.

    Args:
        what: What is wrong with it, as a phrase: ``"write of 4 bytes to flash at 0x00000100"``.
        hint: What the user can do about it.
    """

    def __init__(self, what: str, *, hint: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint
