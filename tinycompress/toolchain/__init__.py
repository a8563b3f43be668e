"""Cross compilers: finding them, driving them, and what the linked ELF says of sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tinycompress.toolchain.builder import build, load_built

__all__ = ["build", "load_built"]


def __getattr__(name: str) -> Any:
    # The doctor must run where a package that building needs is missing.
    if name in __all__:
        from tinycompress.toolchain import builder

        return getattr(builder, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
