"""Recognising, in what a compiler or linker printed, that the firmware does not fit its memory."""

from __future__ import annotations

import re

from tinycompress.errors import DoesNotFitError

# GNU ld: region `FLASH' overflowed by 134524 bytes
_GNU_LD = re.compile(r"region [`'\"](?P<region>\w+)[`'\"] overflowed by (?P<bytes>\d+) bytes?")
# LLVM lld: section '.text' will not fit in region 'FLASH': overflowed by 60976 bytes
_LLD = re.compile(r"will not fit in region '(?P<region>\w+)': overflowed by (?P<bytes>\d+) bytes?")
# The generated C says it in words; GNU and Clang print them differently.
_STATIC_ASSERTION = re.compile(
    r"static assertion failed[^\n]*?: \"?(?P<text>[^\n\"]*not fit[^\n\"]*)"
)


def does_not_fit(text: str) -> DoesNotFitError | None:
    """The error for what is said in ``text``, or None if it says nothing of the kind.

    lld reports a region once for each section that lies beyond its end, with what is missing up to
    there; the largest figure is what the whole program lacks.
    """
    missing: dict[str, int] = {}
    for pattern in (_GNU_LD, _LLD):
        for match in pattern.finditer(text):
            region = match["region"]
            missing[region] = max(missing.get(region, 0), int(match["bytes"]))
    reasons = [
        f"memory region {region} of the board is too small by {count} bytes"
        for region, count in sorted(missing.items())
    ]
    reasons += sorted({match["text"].strip() for match in _STATIC_ASSERTION.finditer(text)})
    if not reasons:
        return None
    return DoesNotFitError(
        f"the firmware does not fit: {'; '.join(reasons)}",
        hint="take a smaller model or a board with more memory: tinycompress boards",
    )
