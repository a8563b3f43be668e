"""C literals and identifiers from Python values: the only place where their rules are kept."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

_RANGES = {
    "int8_t": (-(2**7), 2**7 - 1),
    "int16_t": (-(2**15), 2**15 - 1),
    "int32_t": (-(2**31), 2**31 - 1),
    "int64_t": (-(2**63), 2**63 - 1),
    "uint8_t": (0, 2**8 - 1),
    "uint16_t": (0, 2**16 - 1),
    "uint32_t": (0, 2**32 - 1),
}
_LINE_COLUMNS = 98
_IDENTIFIER_LENGTH = 40

_RESERVED_TEXT = """
    auto break case char const continue default do double else enum extern float for goto if inline
    int long register restrict return short signed sizeof static struct switch typedef union
    unsigned void volatile while asm typeof bool true false nullptr constexpr alignas alignof
    thread_local static_assert main errno
"""
RESERVED_WORDS = frozenset(_RESERVED_TEXT.split())
"""C's keywords up to C23, and names that freestanding compilers give a meaning."""


def fits_type(value: int, c_type: str) -> bool:
    """Whether an integer type has a value."""
    low, high = _RANGES[c_type]
    return low <= value <= high


def integer(value: int, c_type: str = "int32_t") -> str:
    """An integer constant of a type, valid wherever a constant expression is.

    Raises:
        ValueError: The value does not fit the type.
    """
    if not fits_type(value, c_type):
        raise ValueError(f"{value} does not fit {c_type}")
    # -2147483648 is an expression on 2147483648, which has another type; the macro has not.
    if c_type in ("int32_t", "int64_t") and value == _RANGES[c_type][0]:
        return c_type.removesuffix("_t").upper() + "_MIN"
    if c_type == "int64_t":
        return f"INT64_C({value})"
    return f"{value}U" if c_type == "uint32_t" else str(int(value))


def float32(value: float) -> str:
    """A float constant that is exactly a finite float32 value.

    Raises:
        ValueError: The value is not finite or no float32.
    """
    if not math.isfinite(value) or float(np.float32(value)) != value:
        raise ValueError(f"{value!r} is no finite float32")
    return f"{value.hex()}f"


def array_rows(data: npt.NDArray[np.generic], c_type: str, indent: int = 4) -> str:
    """The elements of an array initialiser, wrapped into indented lines.

    Elements of ``uint32_t`` are written as hexadecimal words: what is packed into them shows.

    Raises:
        ValueError: An element does not fit the type.
    """
    words = [_element(value, c_type) + "," for value in data.reshape(-1).tolist()]
    width = max((len(word) for word in words), default=1) + 1
    per_line = max((_LINE_COLUMNS - indent) // width, 1)
    margin = " " * indent
    return "\n".join(
        margin + " ".join(words[start : start + per_line])
        for start in range(0, len(words), per_line)
    )


def _element(value: int | float, c_type: str) -> str:
    if c_type == "float":
        return float32(value)
    value = int(value)
    if c_type != "uint32_t" or not fits_type(value, c_type):
        return integer(value, c_type)
    return f"0x{value:08x}U"


def comment(text: str) -> str:
    """Text that can stand in a ``/* */`` comment: one line of printable ASCII."""
    printable = "".join(c if " " <= c <= "~" else "." for c in text)
    # Two question marks may begin a trigraph, which compilers warn of.
    return re.sub(r"\?(?=\?)|\*(?=/)|/(?=\*)", r"\g<0> ", printable)


def identifier(text: str) -> str:
    """A lower-case C identifier that reminds of ``text``; never empty, never a reserved word."""
    word = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:_IDENTIFIER_LENGTH].strip("_")
    if not word:
        return "unnamed"
    if word[0].isdigit() or word in RESERVED_WORDS:
        return f"n_{word}"
    return word


def short_name(tensor_name: str) -> str:
    """The part of a converter's tensor name that a reader knows the layer by.

    ``model/conv2d_1/Relu;model/conv2d_1/BiasAdd;...`` becomes ``conv2d_1/Relu``.
    """
    parts = [part for part in tensor_name.split(";")[0].split("/") if part]
    return "/".join(parts[-2:])


class UniqueNames:
    """Hands out identifiers, each at most once."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def claim(self, text: str) -> str:
        """``identifier(text)``, with a number behind it if that is taken."""
        base = identifier(text)
        name, count = base, 1
        while name in self._taken:
            count += 1
            name = f"{base}_{count}"
        self._taken.add(name)
        return name
