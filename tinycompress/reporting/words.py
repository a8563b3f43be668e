"""Numbers with their units, and texts of model files made fit to be shown."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tinycompress._console import printable

_LONGEST_NAME = 400
"""Letters of a name that are shown at most."""

_HOW: Mapping[str, str] = {
    "measured": "measured on the board",
    "emulated": "emulated, not measured on silicon",
    "unknown": "by a device that does not say if it is emulated",
}


def how_got(obtained: str) -> str:
    """How a figure was got, in words."""
    return _HOW.get(obtained, obtained)


def machine_word(machine: str) -> str:
    """What figures of a device are: measured on silicon, emulated, or unknown."""
    return {"silicon": "measured", "emulated": "emulated"}.get(machine, "unknown")


def plain(text: object) -> str:
    """Text as it may be shown: in one line, and what no reader would see, by its code.

    Markup is not touched: templates and matplotlib escape it.
    """
    return printable(re.sub(r"\s+", " ", str(text)).strip())


def clean(text: object) -> str:
    """A name as it may be shown: as `plain`, and not endless."""
    shown = plain(text)
    return shown if len(shown) <= _LONGEST_NAME else f"{shown[: _LONGEST_NAME - 1]}…"


def short_name(name: str) -> str:
    """The part of a layer's name that a reader knows it by: its last two steps."""
    parts = [part for part in clean(name).split(";")[0].split("/") if part]
    return "/".join(parts[-2:]) or clean(name)


def count(value: float | None) -> str:
    """A number with groups of thousands; a dash for what is not known."""
    if value is None:
        return "–"
    return f"{round(value):,}" if float(value).is_integer() else f"{value:,.1f}"


def size(value: float | None) -> str:
    """Bytes."""
    return "–" if value is None else f"{round(value):,} B"


_NUMBER = re.compile(r"(?:< |-)?\d[\d.,]*(?: ?[A-Za-zµ%]+)?|–?|equal|does not fit")


def is_number(text: str) -> bool:
    """Whether a cell of a table is a figure, or says that there is none."""
    return _NUMBER.fullmatch(text) is not None


def short_size(value: float) -> str:
    """Bytes in few letters, for an axis; a kB is 1000 of them."""
    for unit, name in ((1e6, "MB"), (1e3, "kB")):
        if value >= 0.9995 * unit:
            return f"{value / unit:.3g} {name}"
    return f"{value:.0f} B"


def short_count(value: float) -> str:
    """A number in few letters, for an axis or a bar."""
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= 0.9995 * unit:
            return f"{value / unit:.3g}{name}"
    return f"{value:.3g}"


def share(value: float | None, digits: int = 1) -> str:
    """A share, 0 to 1, in per cent."""
    if value is None:
        return "–"
    least = 10.0**-digits
    if 0 < 100 * value < least / 2:
        return f"< {least:g} %"
    return f"{100 * value:.{digits}f} %"


def duration(us: float | None) -> str:
    """A time in the unit that reads best."""
    if us is None:
        return "–"
    for unit, name in ((1e6, "s"), (1e3, "ms")):
        if us >= unit:
            return f"{us / unit:,.2f} {name}"
    return f"{us:,.1f} µs"


def times(rate: float | None) -> str:
    """How many times less: a compression rate or a speed-up."""
    return "–" if rate is None else f"{rate:.2f}×"


def frequency(hz: float | None) -> str:
    """A clock."""
    return "–" if hz is None else f"{hz / 1e6:g} MHz"


def decibels(value: float | None, *, equal: bool = False) -> str:
    """A signal-to-noise ratio."""
    if equal:
        return "equal"
    return "–" if value is None else f"{value:.1f} dB"
