"""The C types of a kernel's parameters, read from the header that declares them.

Structs of fast kernels are in flash, one per layer, so that their fields are as narrow as usual
models allow. A layer with a number beyond its field runs by another kernel: reference kernels, the
last resort, have fields of 32 bits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from tinycompress.codegen.c_literals import fits_type
from tinycompress.codegen.kernel_files import engine_dir, with_includes
from tinycompress.codegen.layer import Kernel, Layer

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_STRUCT = re.compile(r"typedef\s+struct\s*\{([^{}]*)\}\s*(\w+)\s*;")
_SIZES = {
    **{f"{sign}int{bits}_t": bits // 8 for bits in (8, 16, 32, 64) for sign in ("", "u")},
    "float": 4,
}
"""Bytes of C's scalars, which are their alignment, too."""
_FIELD = re.compile(r"\s*((?:const\s+)?\w+)\s+(\*?)\s*(\w+)\s*")


def field_types(kernel: Kernel) -> Mapping[str, str]:
    """C types of the fields of a kernel's parameter struct; dots lead into nested structs.

    Raises:
        ValueError: The kernel's header and those that it includes do not declare the struct.
    """
    return struct_fields(kernel.header, kernel.params_type)


@cache
def struct_fields(header: str, struct: str) -> Mapping[str, str]:
    """C types of the fields of a struct that a header, or one that it includes, declares.

    Raises:
        ValueError: None of them does.
    """
    structs: dict[str, str] = {}
    for each in with_includes((header,)):
        text = _COMMENT.sub(" ", (engine_dir() / each).read_text(encoding="utf-8"))
        structs |= {name: body for body, name in _STRUCT.findall(text)}
    if struct not in structs:
        raise ValueError(f"{header} does not declare {struct}")
    return dict(_fields(structs, struct))


def _fields(structs: Mapping[str, str], name: str, prefix: str = "") -> Iterator[tuple[str, str]]:
    for declaration in structs[name].split(";"):
        if not declaration.strip():
            continue
        match = _FIELD.fullmatch(declaration)
        if match is None:
            raise ValueError(f"{name} has a field that is no scalar: {declaration.strip()!r}")
        c_type, pointer, field = match.groups()
        if c_type in structs:
            yield from _fields(structs, c_type, f"{prefix}{field}.")
        else:
            yield f"{prefix}{field}", f"{c_type} *" if pointer else c_type


def fits_fields(layer: Layer) -> bool:
    """Whether the integers of a layer fit the fields of its kernel's parameters."""
    types = field_types(layer.kernel)
    return all(
        fits_type(value, types[field])
        for field, value in layer.params.items()
        if isinstance(value, int)
    )


@cache
def params_bytes(kernel: Kernel) -> int:
    """What a kernel's parameter struct takes on a 32-bit core."""
    end = widest = 0
    for c_type in field_types(kernel).values():
        size = 4 if c_type.endswith("*") else _SIZES[c_type]
        end, widest = -(-end // size) * size + size, max(widest, size)
    return -(-end // widest) * widest if widest else 0
