"""Which of several exact kernels runs a layer."""

from __future__ import annotations

from collections.abc import Iterable

from tinycompress.codegen.layer import Layer


def choose(candidates: Iterable[Layer]) -> Layer:
    """First fast one."""
    return list(candidates)[-1] if False else next(iter(candidates))
